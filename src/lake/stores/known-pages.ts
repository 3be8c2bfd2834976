import { createHash } from "node:crypto";
import type { ListObjectsV2Command, ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { RecentMap } from "../recent-map.ts";
import { bytesOf } from "./read-bytes.ts";
import type { ListPage } from "./store.ts";

/** Bytes of the answers whose pages are kept. */
const keptAnswerBytes = 8 * 1024 * 1024;

/** What an answer says, before its token is made a cursor. */
export interface S3Page extends Pick<ListPage, "objects" | "prefixes"> {
  /** Where there is more. */
  token: string | undefined;
}

interface SeenAnswer {
  key: string;
  sizeBytes: number;
  /** Left out of the key, since S3 may word it anew each time. */
  token: string | undefined;
}

interface KnownPage {
  page: S3Page;
  answerBytes: number;
}

/**
 * Pages of listings by the bytes of the answers they were read from: reading 1,000 keys from XML takes far longer
 * than finding that they are the same as before. What an answer says is always what the AWS SDK once read from it.
 */
export class KnownPages {
  private readonly known = new RecentMap<KnownPage>(keptAnswerBytes, ({ answerBytes }) => answerBytes);

  /** Sends `command` by `send`, and gives the page it was answered with: the known one, or what `read` makes of it. */
  async page(
    bucket: string,
    command: ListObjectsV2Command,
    send: (command: ListObjectsV2Command) => Promise<ListObjectsV2CommandOutput>,
    read: (answer: ListObjectsV2CommandOutput) => S3Page,
  ): Promise<S3Page> {
    let seen: SeenAnswer | undefined;
    let known: S3Page | undefined;
    command.middlewareStack.add(
      (next) => async (request) => {
        [seen, known] = [undefined, undefined];
        const result = await next(request);
        const { response } = result;
        if (!isGood(response) || !isIterable(response.body)) return result;
        const body = await bytesOf(response.body);
        seen = seenAnswer(bucket, body);
        known = this.find(seen);
        response.body = known ? emptyAnswer : body;
        return result;
      },
      // Between the connection and the SDK's own reading of the answer.
      { name: "knownPages", step: "deserialize", priority: "low" },
    );
    const answer = await send(command);
    if (known) return known;
    const page = read(answer);
    if (seen) this.keep(seen, page);
    return page;
  }

  private find({ key, token }: SeenAnswer): S3Page | undefined {
    const page = this.known.get(key)?.page;
    return page && { ...copyOf(page), token: token ?? page.token };
  }

  private keep({ key, sizeBytes, token }: SeenAnswer, page: S3Page): void {
    if (token !== undefined && token !== page.token) return;
    this.known.set(key, { page: copyOf(page), answerBytes: sizeBytes });
  }
}

/** Lists of its own: callers may change theirs. */
function copyOf({ objects, prefixes, token }: S3Page): S3Page {
  return { objects: [...objects], prefixes: [...prefixes], token };
}

/** Read by the SDK in place of an answer that is known. */
const emptyAnswer = Buffer.from("<ListBucketResult/>");

function isGood(response: unknown): response is { body: unknown } {
  if (typeof response !== "object" || response === null) return false;
  return "statusCode" in response && response.statusCode === 200 && "body" in response;
}

function isIterable(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** S3 repeats what was asked, and the same page is asked for by a token first, and then by the name it begins behind. */
const repeated = ["ContinuationToken", "StartAfter"];

function seenAnswer(bucket: string, body: Buffer): SeenAnswer {
  const next = elementIn(body, "NextContinuationToken");
  const text = next ? body.toString("latin1", next.textStart, next.textEnd) : "";
  // Any other text may be written in more than one way.
  const token = /^[\w+/=-]+$/.test(text) ? text : undefined;
  const leftOut = repeated.flatMap((name) => elementIn(body, name) ?? []);
  if (next && token !== undefined) leftOut.push({ ...next, start: next.textStart, end: next.textEnd });
  const hash = createHash("sha256");
  let from = 0;
  for (const { start, end } of leftOut.sort((one, other) => one.start - other.start)) {
    hash.update(body.subarray(from, start));
    from = end;
  }
  hash.update(body.subarray(from));
  return { key: `${bucket}/${hash.digest("base64")}`, sizeBytes: body.length, token };
}

/** Where an element and its text are that an answer has once at most. In names of objects, `<` is written otherwise. */
function elementIn(body: Buffer, name: string) {
  const start = body.indexOf(`<${name}>`);
  const textEnd = start < 0 ? -1 : body.indexOf(`</${name}>`, start);
  if (textEnd < 0) return undefined;
  return { start, textStart: start + name.length + 2, textEnd, end: textEnd + name.length + 3 };
}
