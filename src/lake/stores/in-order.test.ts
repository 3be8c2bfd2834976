import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { ToolError } from "../../core/errors.ts";
import { readInOrder } from "./in-order.ts";
import { BrokenBody } from "./interrupted.ts";
import type { ReadRequest, ReadResult, StoredObject } from "./store.ts";

const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, at) => at % 251));
const object: StoredObject = {
  uri: "s3://b/k",
  location: { kind: "s3", bucket: "b", key: "k" },
  sizeBytes: bytes.length,
  etag: '"1"',
  lastModified: new Date(0),
};
const never = new AbortController().signal;

/** Ranges of `bytes`; `answer` may do otherwise with the request numbered from 0. */
function storeOf(answer: (request: ReadRequest, index: number) => AsyncIterable<Uint8Array> | undefined) {
  const seen: ReadRequest[] = [];
  return {
    seen,
    async read(request: ReadRequest): Promise<ReadResult> {
      seen.push(request);
      const { start = 0, endExclusive } = request;
      const body = answer(request, seen.length - 1) ?? pieces(bytes.subarray(start, endExclusive));
      return { etag: object.etag, sizeBytes: bytes.length, start, body };
    },
  };
}

async function* pieces(range: Buffer, thrown?: ToolError): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < range.length; at += 30) {
    await setImmediate();
    yield range.subarray(at, at + 30);
  }
  if (thrown) throw thrown;
}

async function readAll(store: ReturnType<typeof storeOf>, parallel = 3): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readInOrder({ store, partBytes: 100, parallel }, object, never))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("gives all bytes in order, each range of the same version", async () => {
  const store = storeOf(() => undefined);
  expect(await readAll(store)).toEqual(bytes);
  expect(store.seen).toHaveLength(10);
  expect(store.seen.every(({ ifMatch }) => ifMatch === object.etag)).toBe(true);
});

test("fetches no further ahead than it is told, and nothing once nobody reads on", async () => {
  const store = storeOf(() => undefined);
  for await (const _ of readInOrder({ store, partBytes: 100, parallel: 3 }, object, never)) {
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    break;
  }
  expect(store.seen).toHaveLength(4);
});

test("goes on where a connection broke", async () => {
  const broken = new BrokenBody("unavailable", "The connection broke.");
  const store = storeOf(({ start = 0 }, index) =>
    index === 1 ? pieces(bytes.subarray(start, start + 60), broken) : undefined,
  );
  expect(await readAll(store)).toEqual(bytes);
  expect(store.seen).toContainEqual(expect.objectContaining({ start: 160, endExclusive: 200 }));
});

test("asks no second time for what was not answered: that was tried before, as often as it may be", async () => {
  const store = storeOf((_, index) => {
    if (index < 4) return undefined;
    throw new ToolError("unavailable", "S3 failed.");
  });
  await expect(readAll(store)).rejects.toMatchObject({ code: "unavailable" });
  const starts = store.seen.map(({ start }) => start);
  expect(new Set(starts).size).toBe(starts.length);
});

test.each([
  ["fewer bytes than asked for", ({ start = 0 }: ReadRequest) => pieces(bytes.subarray(start, start + 50))],
  [
    "another version",
    () => {
      throw new ToolError("changed", "s3://b/k was changed meanwhile.");
    },
  ],
])("%s is changed", async (_, answer) => {
  const store = storeOf((request, index) => (index === 4 ? answer(request) : undefined));
  await expect(readAll(store)).rejects.toMatchObject({ code: "changed" });
});
