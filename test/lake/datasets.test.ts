import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

const read = (uri: string, more: Record<string, unknown> = {}) =>
  lake.output("lake_read_rows", { uri, ...more });

describe("a folder of files", () => {
  beforeAll(async () => {
    await lake.put("orders/year=2024/month=12/a.csv", "id,total\n1,10\n");
    await lake.put("orders/year=2025/month=01/b.csv", "id,total\n2,20.5\n");
    await lake.put("orders/year=2025/month=02/c.csv", "id,total\n3,30\n");
    await lake.put("orders/_SUCCESS", "");
    await lake.put("orders/.hidden.csv", "x\n1\n");
    await lake.put("orders/year=2025/empty.csv", "");
  });

  test("is one table with typed partition columns, and says what it left out", async () => {
    const { columns, rows, notes } = await read("s3://lake/orders/");
    expect(columns.map(({ name }: { name: string }) => name)).toEqual(["id", "total", "year", "month"]);
    expect(columns[2].type).toBe("BIGINT");
    expect(columns[3].type).toBe("VARCHAR");
    expect(rows.map(([id, , year, month]: unknown[]) => [id, year, month])).toEqual([
      [1, 2024, "12"],
      [2, 2025, "01"],
      [3, 2025, "02"],
    ]);
    expect(notes).toEqual(["Hidden files not read: 2 (_SUCCESS, .hidden.csv).", "Empty files not read: 1."]);
  });

  test("is found without its last slash", async () => {
    expect((await read("s3://lake/orders")).rows).toHaveLength(3);
  });

  test("is narrowed by a glob", async () => {
    expect((await read("s3://lake/orders/year=2025/*/*.csv")).rows).toHaveLength(2);
    expect((await read("s3://lake/orders/**/b.csv")).rows).toHaveLength(1);
    expect((await read("s3://lake/orders/year=202?/month=0[2-9]/*")).rows).toHaveLength(1);
  });

  test("is filtered by its partitions", async () => {
    expect(
      (await read("s3://lake/orders/", { filter: "year = 2025 AND month = '01'", columns: ["id"] })).rows,
    ).toEqual([[2]]);
  });
});

describe("names", () => {
  test("an object whose name looks like a pattern is itself", async () => {
    await lake.put("pattern/[a]*?.csv", "x\n1\n");
    await lake.put("pattern/a12.csv", "x\n2\n");
    expect((await read("s3://lake/pattern/[a]*?.csv")).rows).toEqual([[1]]);
    expect((await read("s3://lake/pattern/[a]*2.csv")).rows).toEqual([[2]]);
  });

  test("an object wins over a folder of its name", async () => {
    await lake.put("twin", "x\n1\n2\n");
    await lake.put("twin/deep.csv", "x\n3\n");
    expect((await read("s3://lake/twin", { format: "csv" })).rows).toEqual([[1], [2]]);
    expect((await read("s3://lake/twin/")).rows).toEqual([[3]]);
  });

  test.each([
    "../x.csv",
    "a//b.csv",
    "sp ace+plus%41.csv",
    "quote'\"`;--.csv",
    "émoji😀.csv",
    "new\nline.csv",
    "{a,b}.csv",
  ])("the key %j is read exactly", async (key) => {
    if (key.startsWith("..")) {
      expect(await lake.fault("lake_read_rows", { uri: `s3://lake/${key}` })).toMatchObject({
        code: "invalid_input",
      });
      return;
    }
    const uri = await lake.put(`keys/${key}`, `k\n${JSON.stringify(key).length}\n`);
    expect((await read(uri)).rows).toEqual([[JSON.stringify(key).length]]);
  });

  test("nothing there is not_found, outside is denied, both say how to go on", async () => {
    expect(await lake.fault("lake_read_rows", { uri: "s3://lake/nothing/here.csv" })).toMatchObject({
      code: "not_found",
    });
    expect(await lake.fault("lake_read_rows", { uri: "s3://lake/nothing/*.csv" })).toMatchObject({
      code: "not_found",
    });
    expect(await lake.fault("lake_read_rows", { uri: `${lake.root}/nothing.csv` })).toMatchObject({
      code: "not_found",
    });
    for (const uri of [
      "s3://other/a.csv",
      "s3://other/*.csv",
      "/etc/passwd",
      "/etc/*",
      `${lake.root}-evil/a.csv`,
    ]) {
      expect(await lake.fault("lake_read_rows", { uri }), uri).toMatchObject({ code: "denied" });
    }
  });
});

describe("what is never read in part", () => {
  test("a Hudi table is refused by name", async () => {
    await lake.put("hudi/.hoodie/hoodie.properties", "{}");
    await lake.put("hudi/part-0.parquet", "PAR1");
    for (const uri of ["s3://lake/hudi/", "s3://lake/hudi/*.parquet"]) {
      expect(await lake.fault("lake_read_rows", { uri })).toMatchObject({
        code: "unsupported",
        message: expect.stringContaining("Hudi table"),
      });
    }
  });

  test("neither are the files of an Iceberg table, by a folder above it or a pattern: the table is named", async () => {
    await lake.put("warehouse/ice/metadata/v1.metadata.json", "{}");
    await lake.put("warehouse/ice/data/part-0.parquet", "PAR1");
    for (const uri of ["s3://lake/warehouse/", "s3://lake/warehouse/**"]) {
      expect(await lake.fault("lake_read_rows", { uri })).toMatchObject({
        code: "unsupported",
        message: expect.stringMatching(/files of an Iceberg table.*"s3:\/\/lake\/warehouse\/ice\/"/),
      });
    }
  });

  test("neither is a file or partition of a Delta table: the table is named", async () => {
    await lake.put("delta2/_delta_log/00000000000000000000.json", "{}");
    await lake.put("delta2/day=1/part-0.csv", "a\n1\n");
    await lake.put("delta2/day=1/part-1.parquet", "PAR1");
    for (const uri of [
      "s3://lake/delta2/day=1/part-1.parquet",
      "s3://lake/delta2/*/*.csv",
      "s3://lake/delta2/day=1/",
      "s3://lake/delta2/day=1/*.csv",
      "s3://lake/delta2/day=*/*",
    ]) {
      expect(await lake.fault("lake_query", { sql: `SELECT * FROM '${uri}'` }), uri).toMatchObject({
        code: "unsupported",
        message: expect.stringContaining("s3://lake/delta2/"),
      });
    }
  });

  test("files of several formats are refused, and named", async () => {
    await lake.put("mixed/a.csv", "a,b\n1,2\n");
    await lake.put("mixed/b.json", '{"a":1}');
    const { code, message } = await lake.fault("lake_read_rows", { uri: "s3://lake/mixed/" });
    expect(code).toBe("invalid_input");
    expect(message).toContain("1 csv");
    expect(message).toContain("1 ndjson");
    expect((await read("s3://lake/mixed/*.csv")).rows).toEqual([[1, 2]]);
  });

  test("CSV files whose columns differ are refused, and say where", async () => {
    await lake.put("swapped/a.csv", "id,name\n1,x\n");
    await lake.put("swapped/b.csv", "name,id\ny,2\n");
    expect(await lake.fault("lake_read_rows", { uri: "s3://lake/swapped/" })).toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining('columns "name, id" in place of "id, name"'),
    });
  });

  test("files in different partition layouts are refused", async () => {
    await lake.put("layouts/y=1/a.csv", "a\n1\n");
    await lake.put("layouts/y=1/m=2/b.csv", "a\n1\n");
    expect(await lake.fault("lake_read_rows", { uri: "s3://lake/layouts/" })).toMatchObject({
      code: "invalid_input",
    });
  });

  test("more bytes than may be scanned are refused with the estimate", async () => {
    const small = await startTestLake({ settings: { query: { ...lake.settings.query, maxScanBytes: 10 } } });
    try {
      const uri = await small.put("a.csv", "a,b\n1,2\n3,4\n");
      expect(await small.fault("lake_read_rows", { uri })).toEqual({
        code: "too_large",
        message: expect.stringContaining("12 bytes of 1 file; lake.query.maxScanBytes allows 10"),
      });
    } finally {
      await small.stop();
    }
  });
});

describe("a partition column that is in the files too", () => {
  test("has the folder's value, and the file's is not lost", async () => {
    await lake.put("clash/day=7/a.csv", "day,v\n1,x\n");
    const { columns, rows, notes } = await read("s3://lake/clash/");
    expect(columns.map(({ name }: { name: string }) => name)).toEqual(["day_in_file", "v", "day"]);
    expect(rows).toEqual([[1, "x", 7]]);
    expect(notes.join()).toContain("day_in_file");
  });
});
