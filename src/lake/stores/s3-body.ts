import { Readable } from "node:stream";
import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { toS3Error } from "./s3-errors.ts";
import { stopError } from "./stopped.ts";

export interface ExpectedBody {
  uri: string;
  sizeBytes: number;
}

/**
 * The bytes of an answer's body. Throws `changed` when there are fewer or more than expected, `unavailable` or
 * `timeout` when the connection breaks or hangs. The connection is dropped as soon as `signal` aborts, even
 * where nobody walks the body.
 */
export function s3Body(
  body: unknown,
  expected: ExpectedBody,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  if (!(body instanceof Readable)) throw new TypeError("The AWS SDK gave a body that is no Node stream.");
  const drop = () => void body.destroy();
  if (signal.aborted) drop();
  signal.addEventListener("abort", drop, { once: true });
  // Whoever walks the body sees the error; without a listener an error nobody waits for would end the process.
  body.on("error", () => {});
  body.once("close", () => signal.removeEventListener("abort", drop));
  return counted(body, expected, signal);
}

/** Reads nothing and gives the connection up. */
export function discardS3Body(body: unknown): void {
  if (!(body instanceof Readable)) return;
  body.on("error", () => {});
  body.destroy();
}

async function* counted(
  body: Readable,
  expected: ExpectedBody,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let receivedBytes = 0;
  try {
    for await (const chunk of body) {
      if (signal.aborted) throw stopError(signal);
      const bytes: Uint8Array = chunk;
      receivedBytes += bytes.length;
      if (receivedBytes > expected.sizeBytes) throw wrongLength(expected, receivedBytes);
      yield bytes;
    }
  } catch (thrown) {
    throw signal.aborted ? stopError(signal) : toS3Error(thrown, expected.uri);
  }
  if (signal.aborted) throw stopError(signal);
  if (receivedBytes !== expected.sizeBytes) throw wrongLength(expected, receivedBytes);
}

function wrongLength({ uri, sizeBytes }: ExpectedBody, receivedBytes: number): ToolError {
  return new ToolError(
    "changed",
    `S3 sent ${receivedBytes} bytes of ${quoteName(uri)} where ${sizeBytes} were due. Call again.`,
  );
}
