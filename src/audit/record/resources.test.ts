import { expect, test } from "vitest";
import { resourcesOf } from "./resources.ts";

test.each<[string, string, string[]]>([
  ["a local path", "SELECT * FROM '/tmp/data/x.csv'", ["/tmp/data/x.csv"]],
  ["a URI", "SELECT * FROM 's3://lake/a.csv' WHERE a > 1", ["s3://lake/a.csv"]],
  [
    "several, each once",
    "SELECT * FROM '/a/x.csv' a JOIN 's3://lake/b/' b USING (id) JOIN '/a/x.csv' c USING (id)",
    ["/a/x.csv", "s3://lake/b/"],
  ],
  [
    "names in double quotes",
    'SELECT * FROM "databricks://c.s.t", "/a/x.csv"',
    ["databricks://c.s.t", "/a/x.csv"],
  ],
  ["a file URL of one slash", "FROM 'file:/data/x.csv'", ["file:/data/x.csv"]],
  ["blanks", "SELECT * FROM '/my data/all of it.csv'", ["/my data/all of it.csv"]],
  ["a quote in a name", "FROM '/data/o''brien.csv' o, '/b.csv'", ["/data/o'brien.csv", "/b.csv"]],
  ["the other quote in a name", `FROM '/data/6"/x.csv', "/o'b.csv"`, [`/data/6"/x.csv`, "/o'b.csv"]],
  ["a function's argument", "FROM read_csv('/data/x.csv', delim = '/')", ["/data/x.csv"]],
  ["an apostrophe in a comment", "-- don't\nSELECT * FROM '/data/x.csv'", ["/data/x.csv"]],
  ["nothing of a place", "SELECT a / b, 'a' || '/' || '01/02/2026', 'x'/'y' FROM orders", []],
  ["a path that never ends", "SELECT * FROM '/data/x.csv", []],
])("a statement with %s", (_, sql, places) => {
  expect(resourcesOf({ sql })).toEqual(places);
});

test("sources and places of a statement are named together, bounded", () => {
  const many = Array.from({ length: 50 }, (_, index) => `'/data/${index}.csv'`).join(", ");
  const found = resourcesOf({ sql: `SELECT * FROM ${many}`, sources: { o: "/data/orders.csv" } });
  expect(found).toHaveLength(20);
  expect(found.slice(0, 2)).toEqual(["/data/orders.csv", "/data/0.csv"]);
});

test.each([
  ["quotes and slashes", "'/".repeat(50_000)],
  ["doubled quotes", `'/${"''/".repeat(33_000)}`],
  ["both kinds", `"/'/`.repeat(25_000)],
  ["no end", `'/${"a".repeat(99_000)}`],
  ["many that have none", `'/${"a".repeat(1_100)}"`.repeat(90)],
  ["schemes", "'a:/".repeat(25_000)],
])("a statement of %s is looked through in no time", (_, sql) => {
  const startedMs = performance.now();
  resourcesOf({ sql });
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});
