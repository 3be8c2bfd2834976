import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PrepareJsonOptions, prepareJson } from "./prepare-json.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-json-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function prepare(text: string, options: Partial<PrepareJsonOptions> = {}, chunkBytes = 1e9) {
  const path = join(folder, "out.ndjson");
  const stored = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < stored.length; at += chunkBytes) yield stored.subarray(at, at + chunkBytes);
  }
  const facts = await prepareJson(chunks(), path, {
    format: "json",
    compression: "none",
    encoding: "utf-8",
    maxDecompressedBytes: 1e9,
    signal: new AbortController().signal,
    ...options,
  });
  const written = await readFile(path, "utf8");
  expect(facts.sizeBytes).toBe(Buffer.byteLength(written));
  return { written, ...facts };
}

const sizes = [1, 2, 3, 7, 1000];

describe("a JSON document", () => {
  test.each(sizes)("as an array gives its elements, %i bytes at a time", async (size) => {
    const text = ' [\r\n  {"a": 1,\n   "b": [1,\n2]},{"a":"x,]}\\"é"}\n, {} ] \n';
    const { written, records } = await prepare(text, {}, size);
    expect(written).toBe('{"a": 1,    "b": [1, 2]}\n{"a":"x,]}\\"é"}\n{}\n');
    expect(records).toBe(3);
  });

  test.each(sizes)("as objects one after the other gives each, %i bytes at a time", async (size) => {
    const { written } = await prepare('{"a":1}{"a":2}\n\n{"a":\n3}', {}, size);
    expect(written).toBe('{"a":1}\n{"a":2}\n{"a": 3}\n');
  });

  test("of values that are no objects gives them in one column", async () => {
    const { written, notes, rejectedCount } = await prepare('[1, "two", [3], {"four": 4}, null, 1e400]');
    expect(written).toBe(
      '{"value":1}\n{"value":"two"}\n{"value":[3]}\n{"value":{"four": 4}}\n{"value":null}\n{"value":"1e400"}\n',
    );
    expect(notes).toContain('the records are not objects: each is in the column "value"');
    expect(rejectedCount).toBe(0);
  });

  test("rejects elements of another kind", async () => {
    const { written, records, rejects } = await prepare('[{"a":1},\n null, {"a":2}]');
    expect(written).toBe('{"a":1}\n{"a":2}\n');
    expect(records).toBe(2);
    expect(rejects).toEqual([{ line: 2, reason: "not an object, as the records before are", text: "null" }]);
  });

  test.each([
    ["", 0],
    [" \n", 0],
    ["[]", 0],
    ["[ \n]", 0],
    ["{}", 1],
    ["12", 1],
  ])("of %j has %i records", async (text, records) => {
    expect((await prepare(text, {}, 1)).records).toBe(records);
  });

  test.each([
    ['[{"a":1},\n{"a":é}]', 2, 6, "expected a value"],
    ['[{"é":1} {"a":2}]', 1, 10, "expected `,` or `]` after a record"],
    ['[{"a":1},]', 1, 10, "expected a value"],
    ['[{"a":1},\n{"a":2}', 2, 8, "the array is not closed"],
    ['[{"a":1},', 1, 10, "the array is not closed"],
    ['[\n{"a":"b', 2, 8, "it ends in the middle of a value"],
    ['[{"a":1}]\n[2]', 2, 1, "something follows the end of the array"],
    ['[\n{"a":1},\n{"b":1,"b":2}]', 3, 8, 'record 2: the key "b" comes twice in one object'],
    ['{"a":"\\ud800"}', 1, 7, "record 1: half of a surrogate pair"],
    [`[0,\n${"[".repeat(2000)}`, 2, 101, "record 2: nested more than 100 levels deep"],
  ])("broken as %.40j is refused with its place", async (text, line, column, reason) => {
    for (const size of sizes) {
      await expect(prepare(text, {}, size)).rejects.toMatchObject({
        code: "invalid_input",
        message: expect.stringContaining(`broken at line ${line}, column ${column}: ${reason}`),
      });
    }
  });

  test("with one huge record is refused before it is held whole", async () => {
    let given = 0;
    async function* endless() {
      yield Buffer.from('{"a":"');
      for (; ; given += 65_536) yield Buffer.alloc(65_536, "x");
    }
    const options: PrepareJsonOptions = {
      format: "json",
      compression: "none",
      encoding: "utf-8",
      maxDecompressedBytes: 1,
      maxRecordBytes: 1_000_000,
      signal: new AbortController().signal,
    };
    await expect(prepareJson(endless(), undefined, options)).rejects.toMatchObject({
      code: "too_large",
      message: expect.stringContaining("Record 1 of the JSON document is longer than 1000000 bytes"),
    });
    expect(given).toBeLessThan(3_000_000);
  });
});

describe("NDJSON", () => {
  test.each(sizes)("that is good goes out as it is, %i bytes at a time", async (size) => {
    const text = '{"a":9007199254740993}\r\n\n {"a":"é😀"} \n{"a":[{}]}';
    const { written, readableInPlace, records, rejectedCount } = await prepare(
      text,
      { format: "ndjson" },
      size,
    );
    expect(written).toBe(text);
    expect({ readableInPlace, records, rejectedCount }).toEqual({
      readableInPlace: true,
      records: 3,
      rejectedCount: 0,
    });
  });

  test.each(sizes)("rejects bad lines and keeps the others, %i bytes at a time", async (size) => {
    const lines = [
      '{"a":1}',
      "{oops}",
      '{"a":2}',
      '{"a":1,"a":2}',
      '{"a":"\\udc00"}',
      "[".repeat(2000),
      '{"a":3} {"a":4}',
      "5",
      '{"a":5}',
      '{"a":"to',
    ];
    const { written, records, rejectedCount, rejects, readableInPlace } = await prepare(
      lines.join("\n"),
      { format: "ndjson" },
      size,
    );
    expect(written).toBe('{"a":1}\n{"a":2}\n{"a":5}\n');
    expect(records + rejectedCount).toBe(lines.length);
    expect(readableInPlace).toBe(false);
    expect(rejects.map(({ line, reason }) => `${line}: ${reason}`)).toEqual([
      '2: expected a key in double quotes, found "oops}"',
      '4: the key "a" comes twice in one object',
      "5: half of a surrogate pair stands alone in a string",
      "6: nested more than 100 levels deep",
      "7: more than one JSON value on the line",
      "8: not an object, as the records before are",
      "10: the line ends in the middle of a JSON value",
    ]);
    expect(rejects[0]?.text).toBe("{oops}");
    expect(rejects[3]?.text).toBe("[".repeat(200));
  });

  test.each(sizes)("keeps numbers exact that no type holds, %i bytes at a time", async (size) => {
    const text = '{"a":1}\n{"a":1e400,"b":[18446744073709551616,1]}\n{"a":2}\n';
    const { written, notes, records } = await prepare(text, { format: "ndjson" }, size);
    expect(written).toBe('{"a":1}\n{"a":"1e400","b":["18446744073709551616",1]}\n{"a":2}\n');
    expect(notes).toEqual([
      "2 numbers that neither a 64-bit integer nor a double holds were kept exactly, as text; the first is 1e400 in the record at line 2",
    ]);
    expect(records).toBe(3);
  });

  test("speaks of one such number as of one", async () => {
    const { notes } = await prepare('{"a":1e400}\n', { format: "ndjson" });
    expect(notes).toEqual([
      "a number that neither a 64-bit integer nor a double holds was kept exactly, as text: 1e400 in the record at line 1",
    ]);
  });

  test.each(sizes)("rejects over-long lines without holding them, %i bytes at a time", async (size) => {
    const lines = ['{"a":1}', `{"a":"${"x".repeat(500)}"}`, '{"a":2}', `{"a":"${"y".repeat(500)}"}`];
    const { written, rejects } = await prepare(
      lines.join("\n"),
      { format: "ndjson", maxRecordBytes: 100 },
      size,
    );
    expect(written).toBe('{"a":1}\n{"a":2}\n');
    expect(rejects.map(({ line, reason }) => ({ line, reason }))).toEqual(
      [2, 4].map((line) => ({ line, reason: "longer than 100 bytes, the most one record may have" })),
    );
  });

  test("takes a record of a million too wide numbers", async () => {
    const { written, notes } = await prepare(`{"a":[${"1e400,".repeat(1e6)}1e400]}`, { format: "ndjson" });
    expect(written).toBe(`{"a":[${'"1e400",'.repeat(1e6)}"1e400"]}\n`);
    expect(notes[0]).toContain("1000001 numbers");
  });

  test("counts all rejects and shows the first hundred", async () => {
    const { rejectedCount, rejects } = await prepare("x\n".repeat(1000), { format: "ndjson" });
    expect({ rejectedCount, shown: rejects.length }).toEqual({ rejectedCount: 1000, shown: 100 });
  });
});
