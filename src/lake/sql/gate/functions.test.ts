import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { allowedFunctions, refusedFunctions } from "./functions.ts";

const refusedFamilies = /^(__internal_|icu_collate_)/;

/** Names the grammar writes or the binder knows, which the catalog does not list. */
const syntaxOnly = new Set([
  "unnest",
  "unlist",
  "grouping",
  "grouping_id",
  "list_comprehension",
  "ordinality",
]);

async function engineFunctions(): Promise<Set<string>> {
  const connection = await (await DuckDBInstance.create()).connect();
  const reader = await connection.runAndReadAll(
    "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro')",
  );
  return new Set(reader.getRowsJson().map(([name]) => String(name)));
}

test("every function of the engine is either allowed or refused on purpose", async () => {
  const undecided = [...(await engineFunctions())].filter(
    (name) => !allowedFunctions.has(name) && !refusedFunctions.has(name) && !refusedFamilies.test(name),
  );
  expect(undecided).toEqual([]);
});

test("no function is listed that the engine has not, and none twice", async () => {
  const known = await engineFunctions();
  expect([...allowedFunctions].filter((name) => !known.has(name) && !syntaxOnly.has(name))).toEqual([]);
  expect([...refusedFunctions].filter((name) => !known.has(name))).toEqual([]);
  expect([...refusedFunctions].filter((name) => allowedFunctions.has(name))).toEqual([]);
});

test("no allowed function has a name that promises files, settings or statements", () => {
  const suspicious =
    /file|read_|write|getenv|setting|variable|secret|query|sql|attach|install|load|copy|glob|sniff|log_|sleep/;
  const harmless = new Set(["parse_filename"]);
  expect([...allowedFunctions].filter((name) => suspicious.test(name) && !harmless.has(name))).toEqual([]);
});
