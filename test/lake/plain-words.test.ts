import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;
let uri: string;

beforeAll(async () => {
  lake = await startTestLake();
  uri = await lake.put("orders.csv", "ID,total,status\n1,10.5,paid\n2,7,open\n");
});
afterAll(() => lake.stop());

const fault = (more: Record<string, unknown>) => lake.fault("lake_read_rows", { uri, ...more });

describe("faults of lake_read_rows speak of what was asked", () => {
  test("a column there is not is named, with the nearest there is", async () => {
    const { code, message } = await fault({ columns: ["id", "totl"] });
    expect(code).toBe("invalid_input");
    expect(message).toMatch(/There is no column "totl"; did you mean "total"\?/);
    expect(message).not.toMatch(/SELECT|dataset/);
  });

  test.each([
    ["a column there is not", "nope = 1", /"nope"/],
    ["a comparison of unlike types", "total = 'many'", /many/],
    ["a function that is not allowed", "getenv('HOME') = 'x'", /getenv/],
  ])("a filter with %s is quoted itself", async (_title, filter, reason) => {
    const { message } = await fault({ columns: ["ID"], filter });
    expect(message).toMatch(reason);
    expect(message).toContain(`filter: ${filter}`);
    expect(message).not.toMatch(/SELECT "|dataset|near:/);
  });

  test("a syntax error is placed within the filter", async () => {
    const { message } = await fault({ filter: "total AND AND 1" });
    expect(message).toMatch(/it has a syntax error \(line 1, column 11\)/);
  });

  test("a Parquet file that is cut short is said to be none", async () => {
    const cut = await lake.put("cut/a.parquet", `PAR1${"x".repeat(500)}`);
    const { message } = await lake.fault("lake_query", { sql: `SELECT * FROM '${cut}'` });
    expect(message).toMatch(/is no Parquet file: it does not end in PAR1; it may be cut short/);
    expect(message).not.toMatch(/magic bytes|Invalid Input Error/);
  });
});

test.each([
  ["titles", "Report of sales\nmade in May\nid,name,total\n1,a,2\n2,b,3\n", 2],
  ["comments and blank lines", "# made by hand\n\n# in May\nid,name,total\n1,a,2\n2,b,3\n", 3],
  ["a line that names the separator", "sep=;\nid;name;total\n1;a;2\n2;b;3\n", 1],
])("lines above a table are said to be skipped by every reader: %s", async (_title, body, count) => {
  const place = await lake.put(`preamble-${count}.csv`, body);
  const said = new RegExp(`^${count} lines? above the table w(as|ere) skipped`);
  const outputs = [
    await lake.output("lake_read_rows", { uri: place }),
    await lake.output("lake_query", { sql: `SELECT * FROM '${place}'` }),
    await lake.output("lake_profile_dataset", { uri: place }),
    await lake.output("lake_get_metadata", { uri: place }),
  ];
  for (const { notes } of outputs) expect(notes).toContainEqual(expect.stringMatching(said));
  expect(outputs[0].rows.length + 1 + count).toBe(body.trimEnd().split("\n").length);
});
