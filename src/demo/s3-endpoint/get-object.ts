import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { type BucketFolder, type OpenObject, openObject } from "./bucket-files.ts";
import { checkConditions } from "./conditions.ts";
import { contentHeaders } from "./content-headers.ts";
import { chunkBytesOf, type LinkModel, pace } from "./link-model.ts";
import { type ByteRange, parseRange } from "./range.ts";
import type { S3Request } from "./request.ts";

/** Answers GetObject and HeadObject: conditions, one range, and the body in pieces. */
export async function getObject(
  bucket: BucketFolder,
  { key, query }: Pick<S3Request, "key" | "query">,
  request: IncomingMessage,
  response: ServerResponse,
  link: LinkModel,
): Promise<void> {
  const object = await openObject(bucket, key);
  try {
    const { etag, lastModified, sizeBytes } = object;
    const version = { etag, "last-modified": lastModified.toUTCString(), "accept-ranges": "bytes" };
    if (checkConditions(request.headers, object) === 304) {
      response.writeHead(304, version).end();
      return;
    }
    const disposition = query.get("response-content-disposition");
    if (disposition !== null) response.setHeader("content-disposition", disposition);
    const range = parseRange(request.headers.range, sizeBytes);
    response.writeHead(range ? 206 : 200, { ...version, ...bodyHeaders(object, range) });
    if (request.method === "HEAD" || sizeBytes === 0) response.end();
    else {
      // A slow link brings the headers before the first chunk.
      response.flushHeaders();
      await pipeline(pace(readExactly(object, range, chunkBytesOf(link)), link), response);
    }
  } finally {
    await object.close();
  }
}

function bodyHeaders(
  { key, sizeBytes, headers: given }: OpenObject,
  range: ByteRange | undefined,
): OutgoingHttpHeaders {
  const headers = { ...contentHeaders(key), ...given };
  if (!range) return { ...headers, "content-length": sizeBytes };
  const { first, last } = range;
  return {
    ...headers,
    "content-length": last - first + 1,
    "content-range": `bytes ${first}-${last}/${sizeBytes}`,
  };
}

/** The bytes asked for. Throws when the file has become shorter, so that the answer is cut off and not short. */
async function* readExactly(object: OpenObject, range: ByteRange | undefined, chunkBytes: number) {
  const end = range ? range.last + 1 : object.sizeBytes;
  let position = range?.first ?? 0;
  while (position < end) {
    const bytes = await object.read(position, Math.min(chunkBytes, end - position));
    if (bytes.length === 0) throw new Error(`${object.key} became shorter while it was read.`);
    position += bytes.length;
    yield bytes;
  }
}
