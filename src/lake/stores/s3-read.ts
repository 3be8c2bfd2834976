import type { S3Client } from "@aws-sdk/client-s3";
import { ToolError } from "../../core/errors.ts";
import type { RetryBudget } from "../../core/service-guard.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import { BodyPace } from "./body-pace.ts";
import { changedMeanwhile } from "./interrupted.ts";
import type { GotObject, WantedObject } from "./plain-gets.ts";
import { bodyEnd, discardS3Body, s3Body } from "./s3-body.ts";
import { etagOfAnswer } from "./s3-etag.ts";
import { headS3Object, type S3Location } from "./s3-head.ts";
import type { S3Sender } from "./s3-send.ts";
import type { ReadRequest, ReadResult } from "./store.ts";

/** A range as it was asked, before the size of the object is known. */
interface Wanted extends Pick<ReadRequest, "start" | "endExclusive" | "suffixBytes" | "ifMatch"> {
  location: S3Location;
}

/**
 * Source: S3 GetObject with `Range` and `If-Match`. A range past the end gives what there is, down to nothing;
 * the answer's own Content-Range is checked against what was asked.
 */
export async function readS3Object(
  sender: S3Sender,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<ReadResult> {
  if (wantsNothing(wanted)) return readPastEnd(sender, wanted, signal);
  const uri = formatLocation(wanted.location);
  try {
    const answer = await getObject(sender, wanted, rangeHeader(wanted), signal);
    return checkAnswer(answer, wanted, uri, signal);
  } catch (thrown) {
    if (!isPastEnd(thrown)) throw thrown;
    return readPastEnd(sender, wanted, signal);
  }
}

async function getObject(
  sender: S3Sender,
  { location, ifMatch }: Wanted,
  range: string | undefined,
  signal: AbortSignal,
): Promise<{ answer: GotObject; retries: RetryBudget; pace: BodyPace }> {
  const wanted = {
    Bucket: location.bucket,
    Key: location.key,
    ...(range === undefined ? {} : { Range: range }),
    ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
  };
  const request = { bucket: location.bucket, uri: formatLocation(location), signal };
  return sender.send(
    request,
    async (client, { plainGets, retries, hangsAfterMs }) => {
      const plain = await plainGets.get(client, wanted, signal);
      const answer = plain ?? (await askBySdk(client, wanted, signal));
      return { answer, retries, pace: new BodyPace(hangsAfterMs) };
    },
    ({ answer, pace }) => bodyEnd(answer.Body, pace),
  );
}

async function askBySdk(client: S3Client, wanted: WantedObject, signal: AbortSignal): Promise<GotObject> {
  const { GetObjectCommand } = await import("@aws-sdk/client-s3");
  return client.send(new GetObjectCommand(wanted), { abortSignal: signal });
}

function rangeHeader({ start, endExclusive, suffixBytes }: Wanted): string | undefined {
  if (suffixBytes !== undefined) return `bytes=-${suffixBytes}`;
  if (start === undefined && endExclusive === undefined) return undefined;
  return `bytes=${start ?? 0}-${endExclusive === undefined ? "" : endExclusive - 1}`;
}

/** No Range header asks for nothing, and one that is malformed is ignored by servers. */
function wantsNothing({ start, endExclusive, suffixBytes }: Wanted): boolean {
  return suffixBytes === 0 || (endExclusive !== undefined && endExclusive <= (start ?? 0));
}

function isPastEnd(thrown: unknown): boolean {
  if (!(thrown instanceof ToolError) || !(thrown.cause instanceof Error)) return false;
  return thrown.cause.name === "InvalidRange";
}

/** Servers answer 416 for every range of an empty object, and some for a suffix longer than the object. */
async function readPastEnd(sender: S3Sender, wanted: Wanted, signal: AbortSignal): Promise<ReadResult> {
  const { etag, sizeBytes, uri } = await headS3Object(sender, wanted.location, signal);
  if (wanted.ifMatch !== undefined && etag !== wanted.ifMatch) throw changedMeanwhile(uri);
  if (wanted.suffixBytes !== undefined && wanted.suffixBytes > 0 && sizeBytes > 0) {
    const { suffixBytes: _longer, ...whole } = wanted;
    return readS3Object(sender, { ...whole, ifMatch: etag }, signal);
  }
  return { etag, sizeBytes, start: Math.min(wanted.start ?? sizeBytes, sizeBytes), body: nothing() };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function checkAnswer(
  { answer, retries, pace }: Awaited<ReturnType<typeof getObject>>,
  wanted: Wanted,
  uri: string,
  signal: AbortSignal,
): ReadResult {
  try {
    const { start, end, sizeBytes } = rangeOfAnswer(answer, wanted, uri);
    const etag = etagOfAnswer(answer.ETag, uri);
    if (wanted.ifMatch !== undefined && etag !== wanted.ifMatch) throw changedMeanwhile(uri);
    return {
      etag,
      sizeBytes,
      start,
      body: s3Body(answer.Body, { uri, sizeBytes: end - start, retries, pace }, signal),
    };
  } catch (thrown) {
    discardS3Body(answer.Body);
    throw thrown;
  }
}

function rangeOfAnswer({ ContentRange, ContentLength }: GotObject, wanted: Wanted, uri: string) {
  const whole = rangeHeader(wanted) === undefined;
  if (ContentRange === undefined) {
    if (ContentLength === undefined) throw odd(uri, "gave no length");
    if (!whole) throw odd(uri, "ignored the range that was asked for");
    return { start: 0, end: ContentLength, sizeBytes: ContentLength };
  }
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(ContentRange);
  if (!match) throw odd(uri, `answered with the range ${quoteName(ContentRange)}`);
  const [start, last, sizeBytes] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const { suffixBytes } = wanted;
  const wantedStart = suffixBytes === undefined ? (wanted.start ?? 0) : Math.max(0, sizeBytes - suffixBytes);
  const wantedEnd = Math.min(wanted.endExclusive ?? sizeBytes, sizeBytes);
  if (start !== wantedStart || last + 1 !== wantedEnd) {
    throw new ToolError("changed", `S3 sent another range of ${quoteName(uri)} than was asked. Call again.`, {
      cause: new Error(`Content-Range: ${ContentRange}`),
    });
  }
  return { start, end: last + 1, sizeBytes };
}

function odd(uri: string, what: string): ToolError {
  return new ToolError("unsupported", `The S3 server ${what} for ${quoteName(uri)}.`);
}
