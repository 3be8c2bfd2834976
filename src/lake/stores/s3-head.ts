import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { ToolError } from "../../core/errors.ts";
import type { Location } from "../location.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import { discardS3Body } from "./s3-body.ts";
import { readS3Failure } from "./s3-errors.ts";
import { etagOfAnswer } from "./s3-etag.ts";
import type { S3Sender } from "./s3-send.ts";
import type { ObjectDetails } from "./store.ts";

export type S3Location = Extract<Location, { kind: "s3" }>;

/** Source: S3 HeadObject. */
export async function headS3Object(
  sender: S3Sender,
  location: S3Location,
  signal: AbortSignal,
): Promise<ObjectDetails> {
  const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
  const uri = formatLocation(location);
  const command = new HeadObjectCommand({ Bucket: location.bucket, Key: location.key });
  const request = { bucket: location.bucket, uri, signal };
  const ask = async () => {
    const answer = await sender.send(request, (client) => client.send(command, { abortSignal: signal }));
    return detailsOf(answer, location, uri);
  };
  try {
    return await ask();
  } catch (thrown) {
    if (await isTakenByGet(sender, location, thrown, signal)) return ask();
    throw thrown;
  }
}

/**
 * An answer to HEAD has no body, so no error code. The same question by GET has one, which is thrown; or it is mended there, by
 * credentials read anew.
 */
async function isTakenByGet(
  sender: S3Sender,
  location: S3Location,
  thrown: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  const status = thrown instanceof ToolError ? readS3Failure(thrown.cause)?.status : undefined;
  if (status === undefined || status < 400 || status >= 500 || status === 429) return false;
  const { GetObjectCommand } = await import("@aws-sdk/client-s3");
  const command = new GetObjectCommand({ Bucket: location.bucket, Key: location.key, Range: "bytes=0-0" });
  const request = { bucket: location.bucket, uri: formatLocation(location), signal };
  const answer = await sender.send(request, (client) => client.send(command, { abortSignal: signal }));
  discardS3Body(answer.Body);
  return true;
}

function detailsOf(answer: HeadObjectCommandOutput, location: S3Location, uri: string): ObjectDetails {
  if (answer.ContentLength === undefined) {
    throw new ToolError("unsupported", `The S3 server gave no length for ${quoteName(uri)}.`);
  }
  return {
    uri,
    location,
    sizeBytes: answer.ContentLength,
    etag: etagOfAnswer(answer.ETag, uri),
    lastModified: answer.LastModified ?? new Date(0),
    // S3 leaves the header out for the class it begins with.
    storageClass: answer.StorageClass ?? "STANDARD",
    ...(answer.ContentType === undefined ? {} : { contentType: answer.ContentType }),
    ...(answer.ContentEncoding === undefined ? {} : { contentEncoding: answer.ContentEncoding }),
    ...(answer.ServerSideEncryption === undefined ? {} : { encryption: answer.ServerSideEncryption }),
    ...(answer.SSEKMSKeyId === undefined ? {} : { kmsKeyId: answer.SSEKMSKeyId }),
    ...(answer.VersionId === undefined ? {} : { versionId: answer.VersionId }),
    ...(hasEntries(answer.Metadata) ? { userMetadata: answer.Metadata } : {}),
  };
}

function hasEntries(metadata: Record<string, string> | undefined): metadata is Record<string, string> {
  return metadata !== undefined && Object.keys(metadata).length > 0;
}
