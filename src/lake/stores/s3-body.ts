import { Socket } from "node:net";
import { finished, Readable } from "node:stream";
import { ToolError } from "../../core/errors.ts";
import type { BodyEnd, RetryBudget } from "../../core/service-guard.ts";
import { quoteName } from "../location-names.ts";
import { type Body, freeBytes, type TakeBytes } from "./body.ts";
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
export function s3Body(body: unknown, expected: ExpectedBody, signal: AbortSignal): Body {
  if (!(body instanceof Readable)) throw new TypeError("The AWS SDK gave a body that is no Node stream.");
  const drop = () => void body.destroy();
  if (signal.aborted) drop();
  signal.addEventListener("abort", drop, { once: true });
  // Whoever walks the body sees the error; without a listener an error nobody waits for would end the process.
  body.on("error", () => {});
  body.once("close", () => signal.removeEventListener("abort", drop));
  return new S3Body(body, expected, signal);
}

/** Reads nothing and gives the connection up. */
export function discardS3Body(body: unknown): void {
  if (!(body instanceof Readable)) return;
  body.on("error", () => {});
  body.destroy();
}

class S3Body implements Body {
  readonly #body: Readable;
  readonly #expected: ExpectedBody;
  readonly #signal: AbortSignal;
  #receivedBytes = 0;

  constructor(body: Readable, expected: ExpectedBody, signal: AbortSignal) {
    this.#body = body;
    this.#expected = expected;
    this.#signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { pace } = this.#expected;
    pace.waits();
    try {
      for await (const chunk of this.#body) {
        const bytes = this.#came(chunk);
        yield bytes;
        pace.waits();
      }
    } catch (thrown) {
      this.#broke(thrown);
    }
    this.#ended();
  }

  async each(take: TakeBytes): Promise<void> {
    const body = this.#body;
    const { pace } = this.#expected;
    let taking: Promise<void> | undefined;
    let refusal: { thrown: unknown } | undefined;
    const refuse = (thrown: unknown) => {
      refusal ??= { thrown };
      body.destroy();
    };
    const goOn = () => {
      pace.waits();
      body.resume();
    };
    body.on("data", (chunk: Uint8Array) => {
      if (refusal) return;
      try {
        taking = take(this.#came(chunk));
      } catch (thrown) {
        refuse(thrown);
        return;
      }
      if (taking === undefined) return pace.waits();
      body.pause();
      taking.then(goOn, refuse);
    });
    pace.waits();
    const stopFreeing = freeReadsOf(body);
    const fault = await new Promise((resolve) => finished(body, { writable: false }, resolve));
    stopFreeing();
    // Whoever takes the bytes has them until then, and is not to be told of the end before.
    await taking?.catch(() => {});
    if (refusal) throw refusal.thrown;
    if (fault) this.#broke(fault);
    this.#ended();
  }

  #came(bytes: Uint8Array): Uint8Array {
    if (this.#signal.aborted) throw stopError(this.#signal);
    this.#receivedBytes += bytes.length;
    this.#expected.pace.came(bytes.length);
    if (this.#receivedBytes > this.#expected.sizeBytes)
      throw wrongLength(this.#expected, this.#receivedBytes);
    return bytes;
  }

  #broke(thrown: unknown): void {
    if (this.#signal.aborted) throw stopError(this.#signal);
    if (this.#receivedBytes !== this.#expected.sizeBytes) throw brokenOff(thrown, this.#expected);
  }

  #ended(): void {
    if (this.#signal.aborted) throw stopError(this.#signal);
    if (this.#receivedBytes !== this.#expected.sizeBytes)
      throw wrongLength(this.#expected, this.#receivedBytes);
    this.#expected.retries.succeeded(false);
  }
}

/**
 * Frees what is read of the body's connection once Node's parser of HTTP has copied the body out of it. Left to V8, it makes
 * half of what a download allocates, and has the whole heap marked for each 64 MB. Each read is freed when the next one comes:
 * all who listen are done with it then.
 */
function freeReadsOf(body: Readable): () => void {
  const socket = "socket" in body ? body.socket : undefined;
  if (!(socket instanceof Socket)) return () => {};
  let last: Uint8Array | undefined;
  const onRead = (bytes: Uint8Array) => {
    if (last) freeBytes(last);
    last = bytes;
  };
  socket.on("data", onRead);
  return () => void socket.off("data", onRead);
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
