import { expect, test } from "vitest";
import { prepareJson } from "../../src/lake/formats/prepare-json.ts";

const source = {
  compression: "none" as const,
  encoding: "utf-8" as const,
  maxDecompressedBytes: 1e9,
  signal: new AbortController().signal,
};

/** Always ready, as a file in the page cache nearly is. */
async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20));
}

test("others have many turns while a long array of records is read", async () => {
  const records = Array.from({ length: 600_000 }, (_, id) => `{"id":${id},"name":"n${id}"}`);
  const bytes = Buffer.from(`[${records.join(",")}]`);
  let turns = 0;
  let done = false;
  const turn = () => {
    turns++;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  const startedMs = performance.now();
  await prepareJson(chunksOf(bytes), undefined, { ...source, format: "json" });
  const tookMs = performance.now() - startedMs;
  done = true;
  // Turns come by time: a fast machine has fewer of them, one that is held up more.
  expect(tookMs / turns).toBeLessThan(60);
  expect(turns).toBeGreaterThan(4);
});
