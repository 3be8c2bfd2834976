import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commaDialect, startTestSql, type TestSql, testScope } from "../../../test/harness/sql-engine.ts";
import { ToolError } from "../../core/errors.ts";
import type { ByteRange } from "../cache/cache.ts";
import type { CsvDialect } from "../formats/format.ts";
import { FieldTypes } from "./scan/field-types.ts";

let sql: TestSql;
let made = 0;

beforeAll(async () => {
  sql = await startTestSql();
});
afterAll(() => sql.close());

function written(text: Buffer | string) {
  const path = join(sql.dir, `inspected-${made++}.csv`);
  writeFileSync(path, text);
  return {
    file: { path, uri: "s3://lake/inspected.csv", partition: {} },
    sizeBytes: Buffer.byteLength(text),
  };
}

async function inspect(text: Buffer | string, columnCount = 2, dialect: Partial<CsvDialect> = {}) {
  const request = { ...written(text), dialect: { ...commaDialect, ...dialect }, columnCount };
  const found = await sql.engine.inspect(request, testScope());
  const types = found?.types.map((state) => {
    const joined = new FieldTypes();
    joined.join(state);
    return joined.type();
  });
  return found && { ...found, types };
}

const rows = (count: number, of: (id: number) => string) =>
  Array.from({ length: count }, (_, id) => of(id)).join("\n");

test("lines that go over the windows of a large file are whole, the last one without an end too", async () => {
  const text = `id,v\n${rows(700_000, (id) => `${id},${id / 4}${"·".repeat(id % 5)}`)}`;
  expect(await inspect(text)).toMatchObject({ rowCount: 700_000, types: ["BIGINT", "VARCHAR"] });
  expect(await inspect(`${text}\n1,2,3`)).toBeUndefined();
});

test("numbers of seventeen digits are doubles where a double gives each of them back", async () => {
  const long = rows(5_000, (id) => `${id},${(id + 0.1) / 7}`);
  expect(await inspect(`id,v\n${long}\n1,2.5e-07\n2,1e+300\n`)).toMatchObject({
    types: ["BIGINT", "DOUBLE"],
  });
  for (const value of ["1e400", "1e-400", "0.12345678901234567", "123456789012345678"]) {
    expect([value, await inspect(`id,v\n${long}\n1,${value}\n${long}\n`)]).toEqual([value, undefined]);
  }
});

test.each<[string, string, Partial<CsvDialect>]>([
  ["a byte-order mark before a first record", "\ufeff1,2\n3,4\n", { hasHeader: false }],
  ["a first line that is none", "\n1,2\n", {}],
  ["lines that end in two ways", "a,b\n1,2\r\n3,4\n", {}],
  ["lines that end with carriage returns", "a,b\r1,2\r", {}],
  ["a record over two lines", 'a,b\n1,"x\ny"\n', {}],
  ["an empty field too many", "a,b\n1,2,\n", {}],
  ["an escape that is no quote", 'a,b\n1,x\\"y\n', { escape: "\\" }],
])("%s is left to the scan", async (_, text, dialect) => {
  expect(await inspect(text, 2, dialect)).toBeUndefined();
});

test.each<[string, string, Partial<CsvDialect>, object]>([
  [
    "a byte-order mark before the names",
    "\ufeffa,b\n1,2\n",
    {},
    { rowCount: 1, types: ["BIGINT", "BIGINT"] },
  ],
  ["names alone", "a,b", {}, { rowCount: 0, types: ["VARCHAR", "VARCHAR"] }],
  ["nothing", "", {}, { rowCount: 0 }],
  [
    "carriage returns with each line feed",
    "a,b\r\n1,x\r\n\r\n",
    {},
    { rowCount: 1, prepared: { hasLineFeeds: false } },
  ],
  [
    "another separator and quote",
    "a;b\n1;'x;''y'\n",
    { separator: ";", quote: "'", escape: "'" },
    { rowCount: 1 },
  ],
  ["a separator that is part of values", "a:b\n12:30\n", { separator: ":" }, { types: ["BIGINT", "BIGINT"] }],
  ["no quote at all", 'a,b\n"1,2"\n', { quote: "", escape: "" }, { types: ["VARCHAR", "VARCHAR"] }],
  ["a quoted empty number", 'a,b\n1,""\n2,3\n', {}, { prepared: { quotedEmpties: [1] } }],
])("%s is plain", async (_, text, dialect, found) => {
  expect(await inspect(text, 2, dialect)).toMatchObject(found);
});

test("parts are asked for in their order, and what is thrown for one is what the look throws", async () => {
  const { file, sizeBytes } = written(`id,v\n${rows(1_000_000, (id) => `${id},1`)}`);
  const asked: ByteRange[] = [];
  const hydrate = (ranges: readonly ByteRange[]) => ({
    async fetch() {
      asked.push(...ranges);
      if (asked.length === 2) throw new ToolError("changed", "It changed.");
      return 1;
    },
  });
  const request = { file: { ...file, hydrate }, sizeBytes, dialect: commaDialect, columnCount: 2 };
  await expect(sql.engine.inspect(request, testScope())).rejects.toMatchObject({ code: "changed" });
  expect(asked).toEqual([
    { start: 0, end: 4 << 20 },
    { start: 4 << 20, end: 8 << 20 },
  ]);
});
