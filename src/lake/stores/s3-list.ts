import type { _Object, ListObjectsV2Command, ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { decodeCursor, encodeCursor } from "../../core/results.ts";
import { type Boundaries, outside } from "../boundaries.ts";
import { formatLocation } from "../location-names.ts";
import type { KnownPages, S3Page } from "./known-pages.ts";
import { etagOfAnswer } from "./s3-etag.ts";
import type { S3Location } from "./s3-head.ts";
import type { S3Sender } from "./s3-send.ts";
import type { ListPage, ListRequest, StoredObject } from "./store.ts";

const maxKeysPerRequest = 1000;

/** Where a listing goes on: in which of the listed prefixes, and after which page of it. */
const place = z.strictObject({ prefix: z.number().int().min(0), token: z.string().optional() });

export interface S3Lister {
  sender: S3Sender;
  boundaries: Boundaries;
  /** Those read within these boundaries. */
  knownPages: KnownPages;
}

export interface S3ListRequest extends ListRequest {
  location: S3Location;
}

/**
 * One page of a prefix, from one request. Above the allowed prefixes, those are listed and nothing beside
 * them. Throws `denied` where neither holds. Source: S3 ListObjectsV2.
 */
export async function listS3Objects(
  { sender, boundaries, knownPages }: S3Lister,
  request: S3ListRequest,
  signal: AbortSignal,
): Promise<ListPage> {
  const { bucket, key } = request.location;
  const isInside = boundaries.allowsKey(bucket, key);
  const prefixes = isInside ? [key] : boundaries.prefixesBelow(bucket, key);
  const from = request.after === undefined ? { prefix: 0 } : decodeCursor(request.after, place);
  const prefix = prefixes[from.prefix];
  if (prefix === undefined) throw outside(formatLocation(request.location));
  const following = from.prefix + 1 < prefixes.length ? encodeCursor({ prefix: from.prefix + 1 }) : undefined;
  if (!isInside && request.delimiter && prefix.endsWith("/")) {
    return {
      objects: [],
      prefixes: [formatLocation({ kind: "s3", bucket, key: prefix })],
      ...nextOf(following),
    };
  }
  const uri = formatLocation({ kind: "s3", bucket, key: prefix });
  const {
    objects,
    prefixes: below,
    token,
  } = await knownPages.page(
    bucket,
    await listCommand(request, prefix, from.token),
    (command) =>
      sender.send({ bucket, uri, signal }, (client) => client.send(command, { abortSignal: signal })),
    (answer) => pageOf(answer, bucket, boundaries),
  );
  const next = token === undefined ? following : encodeCursor({ prefix: from.prefix, token });
  return { objects, prefixes: below, ...nextOf(next) };
}

function nextOf(next: string | undefined): Pick<ListPage, "next"> {
  return next === undefined ? {} : { next };
}

async function listCommand(
  { location: { bucket, key }, delimiter, maxKeys, startAfter }: S3ListRequest,
  prefix: string,
  token: string | undefined,
): Promise<ListObjectsV2Command> {
  const startsAfter = token === undefined && startAfter !== undefined;
  const { ListObjectsV2Command } = await import("@aws-sdk/client-s3");
  return new ListObjectsV2Command({
    Bucket: bucket,
    Prefix: prefix,
    MaxKeys: Math.min(maxKeys, maxKeysPerRequest),
    // XML cannot hold every character a key can.
    EncodingType: "url",
    ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
    ...(token === undefined ? {} : { ContinuationToken: token }),
    ...(startsAfter ? { StartAfter: `${key}${startAfter}` } : {}),
  });
}

function pageOf(answer: ListObjectsV2CommandOutput, bucket: string, boundaries: Boundaries): S3Page {
  const decode = answer.EncodingType === "url" ? decodeKey : (key: string) => key;
  const allowed = (key: string) => boundaries.allowsKey(bucket, key);
  const objects = (answer.Contents ?? []).map((item) => describe(item, bucket, decode));
  const prefixes = (answer.CommonPrefixes ?? []).map(({ Prefix = "" }) => decode(Prefix));
  return {
    objects: objects.filter(({ location }) => location.kind === "s3" && allowed(location.key)),
    prefixes: prefixes.filter(allowed).map((key) => formatLocation({ kind: "s3", bucket, key })),
    token: answer.IsTruncated ? answer.NextContinuationToken : undefined,
  };
}

function describe(item: _Object, bucket: string, decode: (key: string) => string): StoredObject {
  const location = { kind: "s3", bucket, key: decode(item.Key ?? "") } as const;
  const uri = formatLocation(location);
  return {
    uri,
    location,
    sizeBytes: item.Size ?? 0,
    etag: etagOfAnswer(item.ETag, uri),
    lastModified: item.LastModified ?? new Date(0),
    ...(item.StorageClass === undefined ? {} : { storageClass: item.StorageClass }),
  };
}

/** As S3 encodes keys when asked to: percent signs, and a plus for a space. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch (cause) {
    throw new ToolError("unsupported", "The S3 server listed a key that is not encoded as it says.", {
      cause,
    });
  }
}
