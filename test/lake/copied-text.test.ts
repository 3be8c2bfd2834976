import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

/** Text that is read from a copy which the statement makes itself, beside Parquet of which only parts are there. */
let lakes: TestLake[] = [];

beforeAll(async () => {
  const roomy = await startTestLake();
  // No room to keep copies in.
  const tight = await startTestLake({ settings: { query: { ...roomy.settings.query, tempBytes: 100 } } });
  lakes = [roomy, tight];
  const controls = String.fromCharCode(
    ...Array.from({ length: 32 }, (_, code) => code).filter(
      (code) => code > 0 && ![9, 10, 11, 12, 13].includes(code),
    ),
  );
  const log = `one\n${controls}\nthree\n${"plain line of words\n".repeat(500)}`;
  const rows = Array.from({ length: 50 }, (_, at) => `${at},n${at}\n`).join("");
  for (const lake of lakes) {
    await lake.put("big.parquet", await parquetOf("SELECT i, hash(i) AS h FROM range(100000) t(i)"));
    await lake.put("controls.log", log);
    await lake.put("ragged.csv", `i,name\n${rows}1,2,3,4\n60,x\n`);
  }
});
afterAll(() => Promise.all(lakes.map((lake) => lake.stop())));

test("lines that are copied join Parquet", async () => {
  for (const lake of lakes) {
    const sources = {
      t: { uri: "s3://lake/controls.log", format: "text" },
      p: { uri: "s3://lake/big.parquet" },
    };
    const sql = "SELECT count(*), count(p.h) FROM t JOIN p ON p.i = t.line_number";
    expect((await lake.output("lake_query", { sql, sources })).rows).toEqual([[503, 503]]);
  }
});

test("CSV that is copied joins Parquet", async () => {
  for (const lake of lakes) {
    const sql =
      "SELECT count(*), count(p.h) FROM 's3://lake/ragged.csv' t JOIN 's3://lake/big.parquet' p ON p.i = t.i";
    const { rows, rejected } = await lake.output("lake_query", { sql });
    expect(rows).toEqual([[51, 51]]);
    expect(rejected?.count ?? 1).toBe(1);
  }
});
