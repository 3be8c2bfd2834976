import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

test.each([
  ["lines", "three.ndjson", "{}\n{}\n{}\n", 3],
  ["an array", "two.json", "[{},{}]", 2],
  ["one object", "one.json", "{}", 1],
  ["an array of none", "none.json", "[]", 0],
])("records without a name are rows all the same: %s", async (_title, key, body, count) => {
  const uri = await lake.put(`nameless/${key}`, body);
  expect(await lake.output("lake_read_rows", { uri })).toMatchObject({
    columns: [{ name: "value", type: "JSON" }],
    rows: Array.from({ length: count }, () => [{}]),
  });
  const { rows } = await lake.output("lake_query", { sql: `SELECT count(*), count(value) FROM '${uri}'` });
  expect(rows).toEqual([[count, count]]);
  expect(await lake.output("lake_get_metadata", { uri })).toMatchObject({
    columns: [{ name: "value", type: "JSON" }],
    rows: { count },
  });
});

test("records without a name keep their folder's values, in every number", async () => {
  await lake.put("nameless-parts/day=1/a.ndjson", "{}\n{}\n");
  await lake.put("nameless-parts/day=2/b.ndjson", '{"day":7}\n');
  const { columns, rows } = await lake.output("lake_read_rows", { uri: "s3://lake/nameless-parts/" });
  expect(columns).toEqual([{ name: "day", type: "BIGINT" }]);
  expect(rows).toEqual([[1], [1], [2]]);
});
