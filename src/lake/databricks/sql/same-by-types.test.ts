import { expect, test } from "vitest";
import { differenceByTypes } from "./same-by-types.ts";

const columns = [
  { name: "id", type_text: "bigint" },
  { name: "f", type_text: "float" },
  { name: "s", type_text: "struct<a: string, b: array<float>>" },
  { name: "Total", type_text: "decimal(18,2)" },
  { name: "big", type_text: "decimal(38,10)" },
  { name: "d", type_text: "double" },
  { name: "name", type_text: "string" },
];

test.each([
  "SELECT id, name FROM 'databricks://a.b.c' WHERE id > -1 AND name = 'x' ORDER BY id",
  "SELECT * FROM 'databricks://a.b.c' WHERE d = 0.1 AND total > 12.5",
  "SELECT f, s, count(*), max(f) FROM 'databricks://a.b.c' WHERE f IS NOT NULL GROUP BY f, s ORDER BY f DESC LIMIT 3",
  "SELECT * FROM (SELECT * FROM 'databricks://a.b.c') LIMIT 3",
  "SELECT name, sum(total), sum(d) FROM 'databricks://a.b.c' WHERE id > 3 GROUP BY name",
  "SELECT id * 2 + d FROM 'databricks://a.b.c'",
  "SELECT sum(misspelled) FROM 'databricks://a.b.c'",
  "id > 3 OR name LIKE 'a%'",
])("%s means the same over these types", (sql) => {
  expect(differenceByTypes(sql, columns)).toBeUndefined();
});

test("a table whose columns are not known is not judged", () => {
  expect(differenceByTypes("SELECT * FROM t", [])).toContain("tells no columns");
});

test.each([
  ["SELECT count(*) FROM t WHERE f = 0.1", "f has a type"],
  ["SELECT count(*) FROM t WHERE F > 0.1", "f has a type"],
  ["SELECT * FROM t WHERE f IS DISTINCT FROM 0.1", "f has a type"],
  ["SELECT f IN (0.1) FROM t", "f has a type"],
  ["SELECT coalesce(f, 0.1) FROM t", "f has a type"],
  ["SELECT f + id FROM t", "f has a type"],
  ["SELECT * FROM t WHERE s.b = 1", "s has a type"],
  // Names that may mean what they do not say.
  ["SELECT x FROM (SELECT * FROM t) AS u WHERE x = 0.1 AND EXISTS (SELECT 1)", "f has a type"],
  ["WITH u AS (SELECT * FROM t) SELECT count(*) FROM u WHERE id = 1", "f has a type"],
  ["SELECT total + total FROM t", "arithmetic with decimals (Total)"],
  ["SELECT id * 1.5 FROM t", "arithmetic with decimals"],
  ["SELECT sum(id) FROM t", "sum() has another type"],
  ["SELECT sum(big) FROM t", "sum() has another type"],
  ["SELECT sum(DISTINCT total) FROM t", "sum() has another type"],
  ["SELECT id AS u, sum(u) FROM t", "sum() has another type"],
  ["f = 0.1", "f has a type"],
  ["größe = 1", "cannot be read"],
])("%s does not", (sql, words) => {
  expect(differenceByTypes(sql, columns)).toContain(words);
});
