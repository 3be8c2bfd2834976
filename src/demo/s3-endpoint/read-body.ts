import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { S3Error } from "./s3-error.ts";

/**
 * The whole body of a request, in a buffer that `take` gives for its length. Throws what `take` does, and `S3Error` for a
 * body without a length, one that is cut up and signed in chunks, and one with another hash than its header has.
 */
export async function readBody(
  request: IncomingMessage,
  take: (sizeBytes: number) => Buffer,
): Promise<Buffer> {
  const { "content-length": length, "x-amz-content-sha256": hash = "" } = request.headers;
  if (length === undefined) {
    throw new S3Error(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
  }
  if (String(hash).startsWith("STREAMING-")) {
    throw new S3Error(501, "NotImplemented", "A body in signed chunks is not taken here.", {
      Header: "x-amz-content-sha256",
    });
  }
  const bytes = take(Number(length));
  let filled = 0;
  for await (const chunk of request) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled < bytes.length) {
    throw new S3Error(400, "IncompleteBody", "The request has fewer bytes than its Content-Length says.");
  }
  if (/^[0-9a-f]{64}$/.test(String(hash)) && createHash("sha256").update(bytes).digest("hex") !== hash) {
    throw new S3Error(
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  return bytes;
}
