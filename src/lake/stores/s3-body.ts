import { Readable } from "node:stream";
import { ToolError } from "../../core/errors.ts";
import type { BodyEnd, RetryBudget } from "../../core/service-guard.ts";
import { quoteName } from "../location-names.ts";
import type { BodyPace } from "./body-pace.ts";
import { BrokenBody } from "./interrupted.ts";
import { toS3Error } from "./s3-errors.ts";
import { stopError } from "./stopped.ts";

export interface ExpectedBody {
  uri: string;
  sizeBytes: number;
  /** What asking for the rest of a broken body is paid out of. */
  retries: RetryBudget;
  /** Told how it comes. */
  pace: BodyPace;
}

/**
 * The bytes of an answer's body. Throws `changed` when there are fewer or more than expected, `unavailable` or
 * `timeout` when the connection breaks or hangs, as `BrokenBody` while the budget lasts. The connection is dropped as soon as `signal` aborts, even
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
  const { pace } = expected;
  let receivedBytes = 0;
  pace.waits();
  try {
    for await (const chunk of body) {
      if (signal.aborted) throw stopError(signal);
      const bytes: Uint8Array = chunk;
      receivedBytes += bytes.length;
      pace.came(bytes.length);
      if (receivedBytes > expected.sizeBytes) throw wrongLength(expected, receivedBytes);
      yield bytes;
      pace.waits();
    }
  } catch (thrown) {
    if (signal.aborted) throw stopError(signal);
    if (receivedBytes !== expected.sizeBytes) throw brokenOff(thrown, expected);
  }
  if (signal.aborted) throw stopError(signal);
  if (receivedBytes !== expected.sizeBytes) throw wrongLength(expected, receivedBytes);
  expected.retries.succeeded(false);
}

function brokenOff(thrown: unknown, { uri, retries }: ExpectedBody): ToolError {
  const fault = toS3Error(thrown, uri);
  const isBroken = fault.code === "unavailable" || fault.code === "timeout";
  return isBroken && retries.take() ? new BrokenBody(fault.code, fault.message, { cause: thrown }) : fault;
}

/** How a body ends that others read. Throws what broke it off. */
export function bodyEnd(body: unknown, pace: BodyPace): Promise<BodyEnd> {
  if (!(body instanceof Readable)) return Promise.resolve("whole");
  return new Promise((resolve, reject) => {
    body.once("end", () => resolve("whole"));
    body.once("error", (thrown) => (pace.isHung() ? resolve("hung") : reject(thrown)));
    body.once("close", () => resolve(body.readableEnded ? "whole" : pace.isHung() ? "hung" : "left"));
  });
}

function wrongLength({ uri, sizeBytes }: ExpectedBody, receivedBytes: number): ToolError {
  return new ToolError(
    "changed",
    `S3 sent ${receivedBytes} bytes of ${quoteName(uri)} where ${sizeBytes} were due. Call again.`,
  );
}
