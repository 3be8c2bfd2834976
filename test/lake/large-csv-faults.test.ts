import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

const megabyte = 1_000_000;

let dir: string;
let lake: TestLake;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sluice-large-"));
  lake = await startTestLake({
    settings: { cache: { dir, maxBytes: 8 * megabyte }, maxDecompressedBytes: 100 * megabyte },
  });
});
afterAll(async () => {
  await lake.stop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  lake.server.requests.length = 0;
});

const count = (uri: string) => `SELECT count(*) n FROM '${uri}'`;

/** Digits that no codec makes small. */
function noise(rows: number): string {
  let state = 12_345;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state.toString(36);
  };
  return Array.from({ length: rows }, (_, id) => `${id},${next()}${next()}${next()}${next()}`).join("\n");
}

test("a table that is no place in the cache even as Parquet is too large, and says which setting bounds it", async () => {
  const uri = await lake.put("noise.csv", `id,noise\n${noise(600_000)}\n`);
  expect(await lake.fault("lake_query", { sql: count(uri) })).toMatchObject({
    code: "too_large",
    message: expect.stringContaining("lake.cache.maxBytes"),
  });
}, 60_000);

test("on local disk it is read where it lies", async () => {
  const path = await lake.write("noise.csv", `id,noise\n${noise(600_000)}\n`);
  const { rows } = await lake.output("lake_query", { sql: count(path) });
  expect(rows).toEqual([[600_000]]);
}, 60_000);

test("what was begun leaves nothing behind in the cache", async () => {
  const names = await readdir(join(dir, "v1", "instances"), { recursive: true });
  expect(names.filter((name) => name.endsWith("data"))).toEqual([]);
});

test("a gzip bomb is too large once it is past its bound", async () => {
  const member = gzipSync(`1,${"2".repeat(997)}\n`.repeat(16_000));
  const uri = await lake.put("bomb.csv.gz", Buffer.concat([gzipSync("a,b\n"), ...Array(140).fill(member)]));
  expect(await lake.fault("lake_query", { sql: count(uri) })).toMatchObject({
    code: "too_large",
    message: expect.stringContaining("lake.maxDecompressedBytes"),
  });
}, 60_000);

test("damaged gzip is invalid, and no part of it is a table", async () => {
  const whole = gzipSync(`id,noise\n${noise(200_000)}\n`);
  const uri = await lake.put("cut.csv.gz", whole.subarray(0, whole.length - 1_000));
  expect(await lake.fault("lake_query", { sql: count(uri) })).toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("gzip data is damaged"),
  });
});

test("several files have the types that all of them together have, each file its own folder's values", async () => {
  const rows = (from: number, last: string) =>
    `id,v\n${Array.from({ length: 300_000 }, (_, at) => `${from + at},${at}`).join("\n")}\n${last}\n`;
  await lake.put("parts/day=1/a.csv", rows(0, "-1,0.5"));
  await lake.put("parts/day=2/b.csv", rows(1_000_000, "-2,bad,row"));
  const from = "FROM 's3://lake/parts/'";
  const sql = `SELECT day, count(*), min(id), typeof(any_value(v)) ${from} GROUP BY day ORDER BY day`;
  const answer = await lake.output("lake_query", { sql });
  expect(answer.rows).toEqual([
    [1, 300_001, -1, "DOUBLE"],
    [2, 300_000, 1_000_000, "DOUBLE"],
  ]);
  expect(answer).toMatchObject({ rejectedRows: 1, rejects: [{ uri: "s3://lake/parts/day=2/b.csv" }] });
}, 60_000);

test("files that are not alike are refused by name", async () => {
  await lake.put("unlike/a.csv", `id,v\n${"1,2\n".repeat(900_000)}`);
  await lake.put("unlike/b.csv", "id,other\n1,2\n");
  expect(await lake.fault("lake_query", { sql: count("s3://lake/unlike/") })).toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("are not alike"),
  });
});

test("an object replaced while it is streamed is changed or read whole, never mixed", async () => {
  const of = (value: number) => `id,v\n${`${value},${value}\n`.repeat(2_000_000)}`;
  const uri = await lake.put("replaced.csv", of(1));
  const call = lake.call("lake_query", { sql: `SELECT v, count(*) FROM '${uri}' GROUP BY v` });
  while (!lake.server.requests.some(({ headers }) => /^bytes=4/.test(String(headers.range)))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await lake.put("replaced.csv", of(2));
  const result = await call;
  const answer = result.kind === "failed" ? result.fault.code : "output" in result && result.output;
  expect([expect.objectContaining({ rows: [[1, 2_000_000]] }), "changed"]).toContainEqual(answer);
}, 60_000);
