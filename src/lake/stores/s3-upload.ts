import { createReadStream } from "node:fs";
import type { PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { ToolError } from "../../core/errors.ts";
import type { Boundaries } from "../boundaries.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import type { ExportEncryption } from "../settings.ts";
import { readS3Failure } from "./s3-errors.ts";
import { headS3Object, type S3Location } from "./s3-head.ts";
import type { S3Sender } from "./s3-send.ts";
import type { ObjectDetails } from "./store.ts";

/** A file on its way to S3. */
export interface UploadRequest {
  location: S3Location;
  /** On local disk. */
  path: string;
  sizeBytes: number;
  contentType: string;
  /** Kept with the object. ASCII, 2 KB together. */
  metadata: Record<string, string>;
}

/** A link that gives the object to whoever has it, until it expires. */
export interface ObjectLink {
  url: string;
  /** When S3 stops to take it: earlier than asked for where the server's own credentials end before. */
  expiresAt: Date;
}

/**
 * The writing side of S3. Nothing is sent for a key outside the boundaries, and nothing is ever overwritten. All
 * methods throw `denied`, `unavailable`, `throttled`, `timeout`.
 */
export interface Uploads {
  /** The object that is there; undefined where there is none, or S3 does not tell. */
  find(location: S3Location, signal: AbortSignal): Promise<ObjectDetails | undefined>;
  /** Throws `conflict` where an object is there already. What was sent of a stopped upload is taken back. */
  upload(request: UploadRequest, signal: AbortSignal, onProgress: (sentBytes: number) => void): Promise<void>;
  /** `expiresMs` from `nowMs`, 7 days at most. Sends nothing. Source: S3 "Sharing objects with presigned URLs". */
  link(
    location: S3Location,
    time: { nowMs: number; expiresMs: number },
    signal: AbortSignal,
  ): Promise<ObjectLink>;
}

/** S3 takes 10,000 parts of 5 MiB and more. Source: S3 "Multipart upload limits". */
const leastPartBytes = 8 << 20;
const maxParts = 10_000;

export function createS3Uploads(
  boundaries: Pick<Boundaries, "allowsKey">,
  sender: S3Sender,
  encryption: ExportEncryption,
): Uploads {
  const checked = (location: S3Location) => {
    if (boundaries.allowsKey(location.bucket, location.key)) return location;
    throw new ToolError(
      "denied",
      `${quoteName(formatLocation(location))} is outside what this server may write (lake.exports.buckets).`,
    );
  };
  return {
    find: (location, signal) => findObject(sender, checked(location), signal),
    upload: (request, signal, onProgress) => {
      checked(request.location);
      return uploadFile(sender, request, encryptionOf(encryption), signal, onProgress);
    },
    link: (location, time, signal) => linkTo(sender, checked(location), time, signal),
  };
}

/** Without `s3:ListBucket` S3 answers for a key that is free as for one that may not be read. */
async function findObject(sender: S3Sender, location: S3Location, signal: AbortSignal) {
  try {
    return await headS3Object(sender, location, signal);
  } catch (thrown) {
    if (thrown instanceof ToolError && thrown.code === "not_found" && !isMissingBucket(thrown))
      return undefined;
    if (thrown instanceof ToolError && readS3Failure(thrown.cause)?.name === "AccessDenied") return undefined;
    throw thrown;
  }
}

function isMissingBucket({ cause }: ToolError): boolean {
  return readS3Failure(cause)?.name === "NoSuchBucket";
}

type Encryption = Pick<PutObjectCommandInput, "ServerSideEncryption" | "SSEKMSKeyId">;

function encryptionOf({ method, kmsKeyId }: ExportEncryption): Encryption {
  if (method === "bucket") return {};
  return { ServerSideEncryption: method, ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }) };
}

async function uploadFile(
  sender: S3Sender,
  { location, path, sizeBytes, contentType, metadata }: UploadRequest,
  encryption: Encryption,
  signal: AbortSignal,
  onProgress: (sentBytes: number) => void,
): Promise<void> {
  const [{ Upload }, { AbortMultipartUploadCommand }] = await Promise.all([
    import("@aws-sdk/lib-storage"),
    import("@aws-sdk/client-s3"),
  ]);
  const isCleanUp = (command: object) => command instanceof AbortMultipartUploadCommand;
  const uri = formatLocation(location);
  const partSize = Math.max(leastPartBytes, Math.ceil(sizeBytes / maxParts));
  const run = async (client: S3Client) => {
    const body = createReadStream(path, { highWaterMark: 1 << 20 });
    const upload = new Upload({
      client: stoppable(client, signal, isCleanUp),
      partSize,
      params: {
        Bucket: location.bucket,
        Key: location.key,
        Body: body,
        ContentLength: sizeBytes,
        ContentType: contentType,
        Metadata: metadata,
        IfNoneMatch: "*",
        ...encryption,
      },
    });
    upload.on("httpUploadProgress", ({ loaded }) => onProgress(loaded ?? 0));
    try {
      await upload.done();
    } finally {
      body.destroy();
    }
  };
  try {
    await sender.send({ bucket: location.bucket, uri, signal, takesLong: true }, run);
  } catch (thrown) {
    throw writeFault(thrown, uri);
  }
}

/** The client of one upload: what it sends ends with the call, but for the request that takes the parts back. */
function stoppable(client: S3Client, signal: AbortSignal, isCleanUp: (command: object) => boolean): S3Client {
  const send = (command: Parameters<S3Client["send"]>[0]) =>
    client.send(command, isCleanUp(command) ? {} : { abortSignal: signal });
  return new Proxy(client, {
    get: (target, name) => (name === "send" ? send : Reflect.get(target, name)),
  });
}

/** In the words of a write: those of the other faults are of reading. */
function writeFault(thrown: unknown, uri: string): unknown {
  if (!(thrown instanceof ToolError)) return thrown;
  const { name = "", status } = readS3Failure(thrown.cause) ?? {};
  const shown = quoteName(uri);
  if (name === "ConditionalRequestConflict") {
    const message = `Something else writes ${shown} at this moment, or deletes it; nothing was written. Call again.`;
    return new ToolError("conflict", message, { cause: thrown.cause, retryable: true });
  }
  if (status === 412) {
    const message = `${shown} exists already, and nothing is overwritten. Give another name.`;
    return new ToolError("conflict", message, { cause: thrown.cause });
  }
  if (status === 501) {
    const message = `The S3 server of ${shown} cannot write an object only where there is none (If-None-Match), without which it could overwrite one.`;
    return new ToolError("unsupported", message, { cause: thrown.cause });
  }
  if (status === 403 && thrown.message.startsWith("AWS denies")) {
    const message = `AWS does not let the server write ${shown}. It needs s3:PutObject there, and kms:GenerateDataKey where the bucket uses a KMS key.`;
    return new ToolError("denied", message, { cause: thrown.cause });
  }
  return thrown;
}

/** S3 allows for 15 minutes. */
const noticedOffsetMs = 60_000;

async function linkTo(
  sender: S3Sender,
  { bucket, key }: S3Location,
  { nowMs, expiresMs }: { nowMs: number; expiresMs: number },
  signal: AbortSignal,
): Promise<ObjectLink> {
  const [{ GetObjectCommand }, { getSignedUrl }] = await Promise.all([
    import("@aws-sdk/client-s3"),
    import("@aws-sdk/s3-request-presigner"),
  ]);
  // Downloads, so that no browser takes data for a page of the bucket's host.
  const fileName = key.slice(key.lastIndexOf("/") + 1);
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ResponseContentDisposition: `attachment; filename="${fileName}"`,
  });
  return sender.send({ bucket, uri: `s3://${bucket}/${key}`, signal }, async (client) => {
    const { systemClockOffset: offsetMs } = client.config;
    // By S3's clock where ours is wrong. Answers tell the time to the second.
    const signingDate = new Date(Math.abs(offsetMs) < noticedOffsetMs ? nowMs : nowMs + offsetMs);
    const url = await getSignedUrl(client, command, { expiresIn: Math.floor(expiresMs / 1000), signingDate });
    const { expiration } = await client.config.credentials();
    const endMs = Math.min(nowMs + expiresMs, expiration?.getTime() ?? Infinity);
    return { url, expiresAt: new Date(endMs) };
  });
}
