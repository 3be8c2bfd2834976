import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

const megabyte = 1024 ** 2;
let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake({ settings: { athenaUsdPerTib: 1024 ** 2 } });
  await lake.put(
    "facts/a.parquet",
    await parquetOf("SELECT range AS a, md5(range::VARCHAR) AS b FROM range(50000)"),
  );
  await lake.put("parts/year=2024/a.parquet", await parquetOf("SELECT range AS a FROM range(1000)"));
  await lake.put("parts/year=2025/a.parquet", await parquetOf("SELECT range AS a FROM range(1000)"));
  await lake.put("small.csv", "id,name\n1,a\n");
  await lake.put("large.csv", `id,name\n${"1,abcdefg\n".repeat(1_100_000)}`);
  await lake.put("lines.ndjson", '{"id":1}\n');
});
afterAll(() => lake.stop());

async function estimated(sql: string, more = {}) {
  const { estimate, notes } = await lake.output("lake_query", { sql, estimate: true, ...more });
  return { estimate, said: notes.join(" ") };
}

test.each(["s3://lake/facts/", "s3://lake/small.csv", "s3://lake/lines.ndjson"])(
  "what Athena would bill for %s is told though it is not set up, 10 MB at least",
  async (uri) => {
    for (const more of [{}, { engine: "local" }]) {
      const { estimate, said } = await estimated(`SELECT * FROM '${uri}'`, more);
      expect(estimate.bytesToFetch).toBeLessThan(10 * megabyte);
      // A dollar for each mebibyte.
      expect(estimate).toMatchObject({ files: 1, bytesBilled: 10 * megabyte, costUsd: 10 });
      expect(said).toContain("Athena is not set up here: bytesBilled and costUsd are what it would bill");
    }
  },
);

test("bytes past the least are rounded up to the next megabyte", async () => {
  const { estimate } = await estimated("SELECT count(id) FROM 's3://lake/large.csv'");
  expect(estimate.bytesToFetch).toBe(11_000_008);
  expect(estimate).toMatchObject({ bytesBilled: 11 * megabyte, costUsd: 11 });
});

test("a count by footers alone would be billed the least", async () => {
  const { estimate } = await estimated("SELECT count(*) FROM 's3://lake/facts/'");
  expect(estimate).toMatchObject({ bytesToFetch: 0, bytesBilled: 10 * megabyte });
});

test("of Parquet it says how many footers were read, and how much that was", async () => {
  const body = await parquetOf("SELECT 1 AS a");
  await lake.put("one/a.parquet", body);
  const { said } = await estimated("SELECT a FROM 's3://lake/one/'");
  const footerBytes = body.readUInt32LE(body.length - 8) + 8;
  expect(said).toContain(`Nothing was run: the footers of 1 file were read, ${footerBytes} bytes.`);
  expect(said).toContain(
    `Small files come whole, and came so with their footers: 1 file, ${body.length} bytes,`,
  );
  const { said: pruned } = await estimated("SELECT a FROM 's3://lake/parts/' WHERE year = 2025");
  expect(pruned).toContain("Left out: 1 of 2 files; their partition values are outside the conditions.");
  expect(pruned).toMatch(/the footers of 1 file were read/);
  expect(pruned).not.toMatch(/Read were|no row was read/);
});

test("of text it says that none was opened, and none is", async () => {
  lake.server.requests.length = 0;
  const { said } = await estimated("SELECT * FROM 's3://lake/small.csv'");
  expect(said).toContain("Nothing was run: the sizes of 1 file were looked at, and none was opened.");
  expect(lake.server.requests.filter(({ method }) => method === "GET").map(({ url }) => url)).toEqual([]);
});
