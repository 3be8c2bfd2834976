import { expect, test } from "vitest";
import { parquetOf } from "../../../test/harness/parquet.ts";
import { schemaBytes } from "./parquet-thrift.ts";

async function schemaOf(select: string): Promise<string> {
  const file = Buffer.from(await parquetOf(select));
  const footer = file.subarray(file.length - 8 - file.readUInt32LE(file.length - 8), file.length - 8);
  const bytes = schemaBytes(footer);
  expect(bytes).toBeDefined();
  return Buffer.from(bytes ?? []).toString("hex");
}

test("files of the same columns have the same bytes, whatever their rows are", async () => {
  const first = await schemaOf("SELECT 1 AS id, {'a': [1.5::DOUBLE]} AS nested");
  expect(
    await schemaOf("SELECT i::INTEGER AS id, {'a': [i + 0.5::DOUBLE]} AS nested FROM range(10000) t(i)"),
  ).toBe(first);
});

test("another name, order, type or nesting has others", async () => {
  const selects = [
    "SELECT 1 AS id, 'x' AS name",
    "SELECT 'x' AS name, 1 AS id",
    "SELECT 1 AS id, 'x' AS named",
    "SELECT 1::BIGINT AS id, 'x' AS name",
    "SELECT 1 AS id, {'name': 'x'} AS name",
    "SELECT 1 AS id, ['x'] AS name",
    "SELECT 1.5::DECIMAL(9,1) AS id, 'x' AS name",
    "SELECT 1.5::DECIMAL(9,2) AS id, 'x' AS name",
  ];
  const all = await Promise.all(selects.map(schemaOf));
  expect(new Set(all).size).toBe(selects.length);
});

test("bytes that are no footer have none", () => {
  for (const hex of [
    "",
    "00",
    "15",
    "1502",
    "150219fc",
    "1502ff",
    "250219fc",
    "26021502",
    "15022502",
    "19fcffffffffffffffff01",
  ]) {
    expect(schemaBytes(Buffer.from(hex, "hex"))).toBeUndefined();
  }
});
