import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

const lines = [
  { id: 1, ID: "x", "": 5, price: 1.1 },
  { ID: "y", id: 2, Id: 7, day: "2026-01-31" },
  { id: null, o: { k: [1], K: 2 } },
];
const asLines = `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  await lake.put("names/lines.ndjson", asLines);
  await lake.put("names/array.json", JSON.stringify(lines));
  await lake.put("names/lines.ndjson.gz", gzipSync(asLines));
  await mkdir(join(lake.root, "names"), { recursive: true });
  await writeFile(join(lake.root, "names/lines.ndjson"), asLines);
});
afterAll(() => lake.stop());

const columns = [
  { name: "id", type: "BIGINT" },
  { name: "ID_2", type: "VARCHAR" },
  { name: "column_3", type: "BIGINT" },
  { name: "price", type: "DOUBLE" },
  { name: "Id_3", type: "BIGINT" },
  { name: "day", type: "DATE" },
  { name: "o", type: "JSON" },
];
const rows = [
  [1, "x", 5, 1.1, null, null, null],
  [2, "y", null, null, 7, "2026-01-31", null],
  [null, null, null, null, null, null, { k: [1], K: 2 }],
];
const note =
  'renamed: column 2 repeats "ID": ID_2; column 3 has no name: column_3; column 5 repeats "Id": Id_3';

describe.each([
  ["lines on S3", () => "s3://lake/names/lines.ndjson"],
  ["an array on S3", () => "s3://lake/names/array.json"],
  ["compressed lines on S3", () => "s3://lake/names/lines.ndjson.gz"],
  ["lines on local disk", () => join(lake.root, "names/lines.ndjson")],
])("Members whose names SQL does not take for columns: %s", (_title, place) => {
  test("are columns with names of their own, and a note says so", async () => {
    const uri = place();
    const read = await lake.output("lake_read_rows", { uri });
    expect(read).toMatchObject({ columns, rows });
    expect(read.notes).toContain(note);
    const described = await lake.output("lake_get_metadata", { uri });
    expect(described).toMatchObject({ columns });
    expect(described.notes).toContain(note);
  });

  test("are asked for like any other", async () => {
    const sql = `SELECT count(*), sum(id), max(ID_2), sum("column_3"), sum("Id_3") FROM '${place()}' WHERE id > 0`;
    expect((await lake.output("lake_query", { sql })).rows).toEqual([[2, 3, "y", 5, 7]]);
  });
});

test("numbers in renamed columns keep every digit", async () => {
  const wide = "123456789012345678901234567890";
  const exact = "0.12345678901234567890123";
  const uri = await lake.put("names/exact.ndjson", `{"n":1,"N":${wide},"":${exact}}\n`);
  expect(await lake.output("lake_read_rows", { uri })).toMatchObject({
    columns: [{ type: "BIGINT" }, { type: "VARCHAR" }, { type: "VARCHAR" }],
    rows: [[1, wide, exact]],
  });
});

test("what is made up takes no name that is there, a folder's neither", async () => {
  await lake.put("names-parts/column_1=7/id_2=9/a.ndjson", '{"":1,"id":2,"Id":3,"ID":4,"Id_3":5}\n');
  const uri = "s3://lake/names-parts/";
  const read = await lake.output("lake_read_rows", { uri });
  const named = Object.fromEntries(
    read.columns.map(({ name }: { name: string }, at: number) => [name, read.rows[0][at]]),
  );
  expect(named).toEqual({ column_1_2: 1, id: 2, Id_4: 3, ID_5: 4, Id_3: 5, column_1: 7, id_2: 9 });
});

test("files that differ in the case of names are one table", async () => {
  await lake.put("names-many/a.ndjson", '{"id":1}\n');
  await lake.put("names-many/b.ndjson", '{"ID":2}\n');
  const sql = "SELECT id, ID_2 FROM 's3://lake/names-many/' ORDER BY ALL";
  expect((await lake.output("lake_query", { sql })).rows).toEqual([
    [1, null],
    [null, 2],
  ]);
});

test("large JSON has them too", async () => {
  const dir = await mkdtemp(join(tmpdir(), "sluice-names-"));
  const small = await startTestLake({ settings: { cache: { dir, maxBytes: 1_000_000 } } });
  try {
    const record = (id: number) => JSON.stringify({ id, ID: `n${id}`, "": id * 2, pad: "x".repeat(80) });
    const body = Array.from({ length: 5_000 }, (_, id) => record(id)).join("\n");
    const uri = await small.put("large.ndjson", body);
    const sql = `SELECT count(*), sum(id), max(ID_2), sum(column_3), min(pad) FROM '${uri}'`;
    const { rows, notes } = await small.output("lake_query", { sql });
    expect(rows).toEqual([[5_000, 12_497_500, "n999", 24_995_000, "x".repeat(80)]]);
    expect(notes.join()).toContain('column 2 repeats "ID": ID_2');
  } finally {
    await small.stop();
    await rm(dir, { recursive: true, force: true });
  }
});
