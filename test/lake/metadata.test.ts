import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

describe("lake_get_metadata", () => {
  test("of a CSV file has its form, types, rows and object", async () => {
    const uri = await lake.put("a.csv", "id;name\n1;x\n2;y\nbad\n");
    expect(await lake.output("lake_get_metadata", { uri })).toMatchObject({
      uri,
      format: "csv",
      compression: "none",
      encoding: "utf-8",
      dialect: { separator: ";", hasHeader: true },
      fileCount: 1,
      sizeBytes: 20,
      columns: [
        { name: "id", type: "BIGINT" },
        { name: "name", type: "VARCHAR" },
      ],
      rows: { count: 2, exactness: "exact" },
      rejectedRows: 1,
      object: { etag: expect.stringMatching(/^"[0-9a-f]{32}"$/), contentType: "application/octet-stream" },
      truncated: false,
    });
  });

  test("of a folder has its partitions", async () => {
    for (const month of ["01", "02", "03"]) await lake.put(`parts/year=2025/month=${month}/a.csv`, "id\n1\n");
    expect(await lake.output("lake_get_metadata", { uri: "s3://lake/parts/" })).toMatchObject({
      fileCount: 3,
      rows: { count: 3, exactness: "exact" },
      partitions: [
        { name: "year", type: "BIGINT", values: 1, sample: ["2025"] },
        { name: "month", type: "VARCHAR", values: 3, sample: ["01", "02", "03"] },
      ],
    });
  });

  test("of a large file is looked up without reading it all, and says what it estimates", async () => {
    const line = "1234567,some text that is about as long as texts are\n";
    const uri = await lake.write("large.csv", `id,text\n${line.repeat(800_000)}`);
    const startedMs = performance.now();
    const { rows, notes, columns } = await lake.output("lake_get_metadata", { uri });
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    expect(rows.exactness).toBe("estimated");
    expect(rows.count).toBeGreaterThan(790_000);
    expect(rows.count).toBeLessThan(810_000);
    expect(columns).toEqual([
      { name: "id", type: "BIGINT" },
      { name: "text", type: "VARCHAR" },
    ]);
    expect(notes.join()).toContain("by the first");
  });

  test("of a compressed document has what is inside", async () => {
    const uri = await lake.put("e.ndjson.gz", gzipSync('{"a":1}\n{"a":2,"b":"x"}\n'));
    expect(await lake.output("lake_get_metadata", { uri })).toMatchObject({
      format: "ndjson",
      compression: "gzip",
      columns: [{ name: "a" }, { name: "b" }],
      rows: { count: 2, exactness: "exact" },
    });
  });

  test("of a text file counts its lines", async () => {
    const uri = await lake.put("t.txt", "one\ntwo\nthree");
    expect(await lake.output("get_file_metadata", { bucket_name: "lake", file_key: "t.txt" })).toMatchObject({
      uri,
      format: "text",
      rows: { count: 3, exactness: "exact" },
    });
  });

  test("of a file whose first line is too long to look at is refused, not guessed", async () => {
    const uri = await lake.put("header.csv", `${"a_column,".repeat(20_000)}z\n1,2\n`);
    expect(await lake.fault("lake_get_metadata", { uri })).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("first line"),
    });
  });

  test("of thousands of columns comes by pages", async () => {
    const names = Array.from({ length: 2_500 }, (_, n) => `a_long_enough_name_for_a_column_${n}`);
    const uri = await lake.put("wide.csv", `${names.join(",")}\n${names.map(() => 1).join(",")}\n`);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await lake.output("lake_get_metadata", { uri, ...(cursor ? { cursor } : {}) });
      seen.push(...page.columns.map(({ name }: { name: string }) => name));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(names);
  });
});
