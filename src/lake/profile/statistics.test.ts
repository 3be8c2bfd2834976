import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Column } from "../sql/engine.ts";
import type { ColumnPlan } from "./column-plan.ts";
import { statisticsSql } from "./statistics.ts";

/** Columns of few values, the odd ones of each type among them. */
const values: Record<string, string> = {
  BOOLEAN: "[true, false, NULL]",
  TINYINT: "[127, -128, NULL]",
  HUGEINT: "[170141183460469231731687303715884105727, -1, NULL]",
  "DECIMAL(38,2)": "[999999999999999999999999999999999999.99, -0.01, NULL]",
  DOUBLE: "['NaN', 'Infinity', '0', '-0', NULL]",
  FLOAT: "[1.5, -2.25, NULL]",
  DATE: "['infinity', '1970-01-01', '5877642-06-25 (BC)', NULL]",
  "TIMESTAMP WITH TIME ZONE": "['2024-02-29 12:00:00+00', NULL]",
  UBIGINT: "[18446744073709551615, 0, NULL]",
  TIMESTAMP_NS: "['2024-02-29 12:00:00.123456789', '1970-01-01', NULL]",
  "ENUM('z', 'a')": "['a', 'z', NULL]",
  TIME: "['24:00:00', '00:00:00', NULL]",
  UUID: "['ffffffff-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000', NULL]",
  VARCHAR: "['', 'b', 'a' || chr(0), repeat('é', 300), NULL]",
  INTEGER: "[NULL]",
};
const columns: Column[] = Object.keys(values).map((type, at) => ({ name: `c${at}`, type }));

let instance: DuckDBInstance;
let connection: Awaited<ReturnType<DuckDBInstance["connect"]>>;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  const shown = Object.entries(values).map(([type, list], at) => {
    const typed = `CAST(${list} AS ${type}[])`;
    return `${typed}[1 + i % len(${typed})] AS c${at}`;
  });
  await connection.run(`CREATE TABLE few AS SELECT ${shown.join(", ")} FROM range(5000) rows(i)`);
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

async function figuresOf(isListable: boolean, from: string, hasWild: boolean): Promise<unknown> {
  const plans = columns.map(
    (column): ColumnPlan => ({ column, distinct: "each", quantiles: "none", isListable, memoryBytes: 0 }),
  );
  const sql = statisticsSql(plans, from, { hasRange: true, hasWild });
  const [row] = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  return row;
}

test("the list of few values tells what its column's own aggregates tell, of all kinds of types", async () => {
  const own = await figuresOf(false, "few", true);
  expect(await figuresOf(true, "few", true)).toEqual(own);
  expect(own).toMatchObject({ n: "5000", distinct0: "2", distinct4: "3", distinct14: "0" });
});

test("of no row the list tells no values", async () => {
  const row = (await figuresOf(true, "few WHERE false", false)) as Record<string, unknown>;
  expect(columns.map((_, at) => row[`distinct${at}`] ?? 0)).toEqual(columns.map(() => 0));
  expect(columns.map((_, at) => [row[`min${at}`], row[`max${at}`]])).toEqual(columns.map(() => [null, null]));
});
