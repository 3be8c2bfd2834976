import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestSql, type TestSql, testScope } from "../../../../test/harness/sql-engine.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql();
});
afterAll(() => sql.close());

/** Tables with the columns their conditions look at, one entry for each condition. */
async function conditions(statement: string): Promise<string[]> {
  const { readings } = await sql.engine.plan(statement, testScope());
  return readings.map(
    ({ table, conditions }) => `${table}: ${conditions.map(({ columns }) => columns.join("+")).join(", ")}`,
  );
}

test.each([
  ["SELECT * FROM t WHERE y = 1 AND m IN (1, 2) AND d BETWEEN 1 AND 2", ["t: y, m, d"]],
  ["SELECT * FROM t x WHERE x.y = 1 OR x.m = 2", ["t: y+m"]],
  ["SELECT * FROM t WHERE y = (SELECT max(y) FROM u WHERE z = 1)", ["t: ", "u: z"]],
  ["SELECT * FROM t WHERE y = random()", ["t: "]],
  ["SELECT * FROM t WHERE y = 9007199254740993", ["t: "]],
  ["SELECT * FROM t WHERE y > now()", ["t: "]],
  ["SELECT * FROM a JOIN b ON a.i = b.i AND a.y = 1 WHERE b.y = 2 AND y = 3", ["a: y", "b: y"]],
  ["SELECT * FROM a LEFT JOIN b ON a.i = b.i AND b.y = 1 WHERE a.y = 1 AND b.y IS NULL", ["a: y", "b: "]],
  ["SELECT * FROM a FULL JOIN b ON a.i = b.i WHERE a.y = 1", ["a: ", "b: "]],
  ["SELECT * FROM a POSITIONAL JOIN b WHERE a.y = 1", ["a: ", "b: "]],
  ["SELECT * FROM t USING SAMPLE 10 ROWS", ["t: "]],
  ["SELECT * FROM t TABLESAMPLE 10% WHERE y = 1", ["t: "]],
  ["SELECT * FROM t AS r(q) WHERE q = 1", ["t: "]],
  ["WITH x AS (SELECT * FROM t WHERE y = 1) SELECT * FROM x WHERE m = 2", ["x: m", "t: y"]],
  ["SELECT y FROM t WHERE y = 1 UNION SELECT y FROM t WHERE y = 2", ["t: y", "t: y"]],
  [
    "SELECT * FROM t WHERE y = 2024 UNION ALL SELECT * FROM t PIVOT (sum(x) FOR c IN ('a', 'b'))",
    ["t: ", "t: y"],
  ],
  ["WITH p AS (FROM t UNPIVOT (v FOR n IN (a, b))) SELECT * FROM p, t WHERE t.y = 1", ["p: ", "t: ", "t: y"]],
  ["SELECT * FROM (t JOIN u ON t.i = u.i AND t.y = 1) PIVOT (sum(x) FOR c IN ('a'))", ["t: ", "u: "]],
  ["SELECT * FROM t WHERE t.s.y = 1", ["t: "]],
  ["SELECT * FROM (SELECT * FROM t WHERE y = 1) WHERE m = 2", ["t: y"]],
  [
    "SELECT * FROM a, b WHERE a.y = 1 AND EXISTS (FROM c WHERE c.y = a.y AND c.m = 1)",
    ["a: y", "b: ", "c: m"],
  ],
])("%s", async (statement, expected) => {
  expect((await conditions(statement)).sort()).toEqual([...expected].sort());
});

test("rows are kept where all conditions hold, and not where one is unknown", async () => {
  const columns = [
    { name: "y", type: "BIGINT" },
    { name: "c", type: "VARCHAR" },
  ];
  const rows = [
    ["1", "a"],
    ["2", "a"],
    ["2", null],
    [null, "a"],
  ];
  const kept = async (where: string) => {
    const { readings } = await sql.engine.plan(`SELECT * FROM t WHERE ${where}`, testScope());
    return sql.engine.filter(
      { identity: "rows", columns, rows: async () => rows, conditions: readings[0]?.conditions ?? [] },
      testScope(),
    );
  };
  expect(await kept("y = 2")).toEqual([1, 2]);
  expect(await kept("Y >= 1 AND NOT (c LIKE 'A%')")).toEqual([0, 1]);
  expect(await kept("c IS NULL")).toEqual([2]);
  expect(await kept("CASE WHEN y = 1 THEN true ELSE c = 'a' END")).toEqual([0, 1, 3]);
  expect(await kept("y = 'no number'")).toBeUndefined();
});
