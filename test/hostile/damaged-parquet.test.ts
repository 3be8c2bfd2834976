import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;
let good: Buffer;

beforeAll(async () => {
  lake = await startTestLake();
  good = await parquetOf("SELECT range AS a, 'x' || range AS b FROM range(1000)");
});
afterAll(() => lake.stop());

test.each([0, 4, 0.5])(
  "a footer damaged at %d is called damaged by every tool, with the file",
  async (place) => {
    const footerBytes = good.readUInt32LE(good.length - 8);
    const from = good.length - 8 - footerBytes + (place < 1 ? Math.floor(footerBytes * place) : place);
    const bytes = Buffer.from(good);
    bytes.fill(0xff, from, from + 8);
    await lake.write(`set-${place}/good.parquet`, good);
    const bad = await lake.write(`set-${place}/bad.parquet`, bytes);
    const damaged = { code: "invalid_input", message: expect.stringContaining("damaged") };
    expect(await lake.fault("lake_get_metadata", { uri: bad })).toMatchObject(damaged);
    expect(await lake.fault("lake_read_rows", { uri: bad })).toMatchObject(damaged);
    const fault = await lake.fault("lake_query", { sql: `SELECT sum(a) FROM '${lake.root}/set-${place}/'` });
    expect(fault).toMatchObject(damaged);
    expect(fault.message).toContain("bad.parquet");
  },
);

const engineWords = /Error:|Failed to read|Invalid Input|TProtocol|Snappy|GZIP|Out of buffer/;

describe.each(["snappy", "zstd", "gzip", "lz4_raw", "brotli", "uncompressed"])("a %s file", (codec) => {
  const rows = "SELECT range AS a, 'x' || range AS b, [range] AS l FROM range(3000)";

  test("whose pages are damaged is told as one by every tool that reads them, in words of our own", async () => {
    const bytes = await parquetOf(rows, `CODEC ${codec}`);
    const footerBytes = bytes.readUInt32LE(bytes.length - 8);
    for (let at = 4; at < bytes.length - 40 - footerBytes; at += 64) bytes.fill(0xff, at, at + 32);
    const uri = await lake.put(`pages-${codec}/a.parquet`, bytes);
    const asked: [string, Record<string, unknown>][] = [
      ["lake_query", { sql: `SELECT sum(a), max(b) FROM '${uri}'` }],
      ["lake_read_rows", { uri }],
      ["lake_read_rows", { uri, filter: "a > 5", columns: ["a"] }],
      ["lake_profile_dataset", { uri }],
    ];
    for (const [tool, args] of asked) {
      const { code, message } = await lake.fault(tool, args);
      expect(code).toBe("invalid_input");
      expect(message).toContain(`"${uri}" is a damaged Parquet file: `);
      expect(message).toContain("Write it anew, or leave it out.");
      expect(message).not.toMatch(engineWords);
      expect(message).not.toContain("filter");
    }
  });

  test("with any one byte of its footer changed is read, or told as damaged in words of our own", async () => {
    const whole = await parquetOf(rows, `CODEC ${codec}`);
    const footerStart = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
    for (let at = footerStart; at < whole.length - 8; at += 37) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      const uri = await lake.put(`footer-${codec}/${at}.parquet`, bytes);
      const result = await lake.call("lake_query", { sql: `SELECT * FROM '${uri}'` });
      if (result.kind !== "failed") continue;
      expect(`${at}: ${result.fault.message}`).not.toMatch(engineWords);
      expect(`${at}: ${result.fault.message}`).toContain(uri);
      expect(["invalid_input", "unsupported"]).toContain(result.fault.code);
    }
  });
});

test("of several Parquet files the damaged one is named", async () => {
  const bytes = Buffer.from(good);
  const footerBytes = bytes.readUInt32LE(bytes.length - 8);
  bytes.fill(0xff, 4, bytes.length - 8 - footerBytes);
  await lake.put("several/good.parquet", good);
  const bad = await lake.put("several/bad.parquet", bytes);
  const { message } = await lake.fault("lake_query", {
    sql: "SELECT sum(a), max(b) FROM 's3://lake/several/'",
  });
  expect(message).toMatch(new RegExp(`"${bad}"|One of the 2 Parquet files`));
  expect(message).not.toMatch(engineWords);
});

test.each<[string, string, Buffer | string, RegExp]>([
  [
    "gzip that is cut short",
    "cut.csv.gz",
    gzipSync("id,name\n1,some name\n".repeat(9_000)).subarray(0, 300),
    /ends too early/,
  ],
  [
    "what begins as gzip and is none",
    "none.csv.gz",
    Buffer.from([31, 139, 8, 0, 1, 2, 3, 4, 5, 6, 7]),
    /cannot be decompressed/,
  ],
  ["JSON that breaks off", "broken.json", '[{"a":1},{"a":2', /broken at line 1, column 16/],
  [
    "half a UTF-16 character",
    "odd.csv",
    Buffer.from("\ufeffid,name\n1,a\nx", "utf16le").subarray(0, -1),
    /not valid utf-16le/,
  ],
  [
    "data of no format",
    "data.csv",
    Buffer.from(Array.from({ length: 900 }, (_, at) => (at * 7919) % 256)),
    /binary data/,
  ],
])("%s is named where a statement reads several files", async (_title, name, body, what) => {
  const uri = await lake.put(`named/${name}`, body);
  const other = await lake.put("named/good.csv", "id,name\n1,a\n");
  const sql = `SELECT * FROM '${other}' g, '${uri}' b`;
  for (const { message } of [
    await lake.fault("lake_query", { sql }),
    await lake.fault("lake_read_rows", { uri }),
    await lake.fault("lake_get_metadata", { uri }),
  ]) {
    expect(message).toMatch(what);
    expect(message.split(uri)).toHaveLength(2);
  }
});
