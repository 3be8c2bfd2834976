import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, expect, test } from "vitest";
import { quoteIfNeeded } from "../../formats/sql-names.ts";
import { typeName } from "./type-name.ts";

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create()).connect();
});

test.each([
  "['1'::JSON, '{}'::JSON]",
  "{'x': ['1'::JSON], 'select': 1, 'name': 2, 'A b': map {'k': '1'::JSON}}",
  "union_value(k := ['1'::JSON])",
  "array_value('1'::JSON, '2'::JSON)",
  "map {'1'::JSON: {'a\"b': 1.50}}",
  "{'NAME': 1, 'Aa': 2, 'café': 3, '1a': 4, '__proto__': [{'b': [1.5]}]}",
  "['b'::ENUM('a', 'it''s', 'b')]",
  "row(1, 'x')",
  "[TIMESTAMPTZ '2024-01-01', NULL]",
  "'1'::JSON",
  "['101'::BIT]",
])("%s has the type that DuckDB says", async (expression) => {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT ${expression} AS v`);
  const result = await connection.run(`SELECT ${expression} AS v`);
  expect(typeName(result.columnType(0))).toBe(reader.getRowsJson()[0]?.[1]);
});

test("names are quoted in types just where DuckDB does", async () => {
  const reader = await connection.runAndReadAll(
    "SELECT DISTINCT keyword_name FROM duckdb_keywords() UNION SELECT unnest(['id', 'Total', 'a_1', 'a b', 'a$'])",
  );
  const names = reader.getRowsJson().map(([name]) => String(name));
  const fields = names.map((name) => `"${name}" INTEGER`).join(", ");
  const said = await connection.runAndReadAll(`SELECT typeof(NULL::STRUCT(${fields}))`);
  expect(`STRUCT(${names.map((name) => `${quoteIfNeeded(name)} INTEGER`).join(", ")})`).toBe(
    said.getRowsJson()[0]?.[0],
  );
});
