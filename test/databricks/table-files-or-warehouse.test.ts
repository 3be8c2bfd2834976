import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { startTableFilesShop } from "../harness/databricks-files.ts";
import { answerNumbers, type DatabricksLake, startDatabricksLake } from "../harness/databricks-lake.ts";
import { failing as failingOf, type ServedTable } from "../harness/databricks-server.ts";

const { uri, s3, shop, alone, served, vend, refused, failing, writer, renew, stop } =
  await startTableFilesShop();
afterAll(() => stop());
let session = 0;
beforeEach(() => {
  session = renew();
});
const count = `SELECT count(*) AS n, sum(total) AS total FROM '${uri}'`;
const statementsOf = ({ workspace }: DatabricksLake) => workspace.statements.all.map(({ sql }) => sql);

describe("what cannot be read from files goes to the warehouse, and says why", () => {
  test.each<[string, Partial<ServedTable>]>([
    ["it is a view", { table_type: "VIEW" }],
    ["it is a materialized view", { table_type: "MATERIALIZED_VIEW" }],
    ["held back", { row_filter: { function_name: "f" } }],
    ["held back", { columns: [{ name: "a", type_text: "int", mask: { function_name: "f" } }] }],
    ["its format is ICEBERG", { data_source_format: "ICEBERG" }],
    ["do not lie in S3", { storage_location: "abfss://container@account/x" }],
  ])("%s", async (words, changes) => {
    for (const one of [shop, alone]) one.workspace.tables = [served(changes)];
    const answer = await shop.lake.output("lake_query", { sql: count });
    expect(answer.engine).toBe("databricks");
    expect(answer.notes.join()).toContain(words);
    const rows = await shop.lake.output("lake_read_rows", { uri, limit: 2 });
    expect(rows.rows).toEqual([[0], [1]]);
    expect(rows.notes.join()).toContain(words);
    const next = await shop.lake.output("lake_read_rows", { uri, limit: 2, cursor: rows.cursor });
    expect(next.rows).toEqual([[2], [3]]);
    expect(s3.requests).toEqual([]);
    for (const call of [
      alone.lake.fault("lake_query", { sql: count }),
      alone.lake.fault("lake_read_rows", { uri }),
      shop.lake.fault("lake_read_rows", { uri, version: 0 }),
    ]) {
      const { code, message } = await call;
      expect(code).toBe("unsupported");
      expect(message).toContain(words);
    }
    expect((await alone.lake.fault("lake_query", { sql: count })).message).toContain(
      "none is set (lake.databricks.warehouseId)",
    );
  });

  test("tables whose files Databricks does not let out (403)", async () => {
    const denied = failingOf(/temporary-table-credentials/, 99, 403, {
      error_code: "PERMISSION_DENIED",
      message: "no EXTERNAL USE SCHEMA",
    });
    for (const one of [shop, alone]) one.workspace.faults = [denied];
    const answer = await shop.lake.output("lake_query", { sql: count });
    expect(answer.engine).toBe("databricks");
    expect(answer.notes.join()).toContain("EXTERNAL USE SCHEMA");
    const described = await shop.lake.output("lake_get_metadata", { uri });
    expect(described.delta).toBeUndefined();
    expect(described.notes.join()).toContain("EXTERNAL USE SCHEMA");
    expect(await alone.lake.fault("lake_query", { sql: count })).toMatchObject({
      code: "denied",
      message: expect.stringContaining("EXTERNAL USE SCHEMA"),
    });
    expect(s3.requests).toEqual([]);
  });

  test("tables whose credentials S3 refuses", async () => {
    refused.add(`session-${session}`);
    const answer = await shop.lake.output("lake_query", { sql: count });
    expect(answer.engine).toBe("databricks");
    expect(answer.notes.join()).toContain("S3 refuses the temporary credentials");
    const fault = await alone.lake.fault("lake_query", { sql: count });
    expect(fault.code).toBe("denied");
    expect(JSON.stringify([answer, fault])).not.toMatch(/secret-of|session-\d|ASIA/);
  });

  test("tables whose files S3 does not give at present, without trying again for a while", async () => {
    failing.add(`session-${session}`);
    const answer = await shop.lake.output("lake_query", { sql: count });
    expect(answer.engine).toBe("databricks");
    expect(answer.notes.join()).toContain("S3 failed");
    s3.requests.length = 0;
    expect((await shop.lake.output("lake_query", { sql: count })).engine).toBe("databricks");
    expect(s3.requests).toEqual([]);
    // Where there is no other way, it is tried each time.
    expect((await alone.lake.fault("lake_query", { sql: count })).code).toBe("unavailable");
    failing.clear();
    expect((await alone.lake.output("lake_query", { sql: count })).engine).toBe("local");
  }, 30_000);

  test("tables of the Hive metastore, which Unity Catalog does not have", async () => {
    const hive = await startDatabricksLake({ allow: [["hive_metastore"]] });
    try {
      answerNumbers(hive.workspace);
      const sql = "SELECT count(*) AS n FROM 'databricks://hive_metastore.sales.orders'";
      const answer = await hive.lake.output("lake_query", { sql });
      expect(answer.engine).toBe("databricks");
      expect(answer.notes.join()).toContain("does not exist in Databricks");
    } finally {
      await hive.stop();
    }
  });

  test("but no table whose name is misspelled", async () => {
    const misspelled = "databricks://main.sales.ordrs";
    for (const fault of [
      await shop.lake.fault("lake_query", { sql: `SELECT count(*) AS n FROM '${misspelled}'` }),
      await shop.lake.fault("lake_read_rows", { uri: misspelled }),
    ])
      expect(fault).toMatchObject({ code: "not_found", message: expect.stringContaining("ordrs") });
    expect(statementsOf(shop)).toEqual([]);
  });

  test("no further page where the table may not be read from files any more", async () => {
    const sql = `SELECT order_id FROM '${uri}' ORDER BY order_id`;
    for (const one of [shop, alone]) {
      const { cursor } = await one.lake.output("lake_query", { sql, limit: 2 });
      expect((await one.lake.output("lake_query", { sql, limit: 2, cursor })).rows).toEqual([[2], [3]]);
      one.workspace.tables = [served({ table_id: `id-${session}`, row_filter: { function_name: "f" } })];
      const fault = await one.lake.fault("lake_query", { sql, limit: 2, cursor });
      expect(fault.message).toContain("held back");
    }
    expect(statementsOf(shop)).toEqual([]);
  });

  test("tables that a newer writer made", async () => {
    const folder = `tables/new-${session}`;
    const table = writer(folder);
    await table.create({ fields: [{ name: "n", type: "long" }], readerFeatures: ["catalogManaged"] });
    shop.workspace.tables = [served({ storage_location: `s3://unity/${folder}` })];
    const answer = await shop.lake.output("lake_query", { sql: count });
    expect(answer.engine).toBe("databricks");
    expect(answer.notes.join()).toContain("catalogManaged");
  });

  test("statements that mean something else here", async () => {
    const answer = await shop.lake.output("lake_query", { sql: `SELECT avg(total) FROM '${uri}'` });
    expect(answer.engine).toBe("databricks");
    expect(answer.notes.join()).toContain("avg() is not known to answer the same");
    const here = await shop.lake.output("lake_query", {
      sql: `SELECT avg(total) FROM '${uri}'`,
      engine: "local",
    });
    expect(here).toMatchObject({ engine: "local", rows: [[756.75]] });
    const filter = { uri, filter: "order_id div 2 = 1" };
    expect((await shop.lake.output("lake_read_rows", filter)).notes.join()).toContain(
      "div works differently",
    );
  });

  test("statements that this server cannot read as Databricks SQL, but for what it is asked to run here", async () => {
    const sql = `SELECT total AS größe FROM '${uri}' ORDER BY order_id LIMIT 1`;
    const fault = await shop.lake.fault("lake_query", { sql });
    expect(fault.code).toBe("invalid_input");
    const hinted = `SELECT /*+ REPARTITION(3) */ 7 / 2 AS n FROM '${uri}'`;
    expect((await shop.lake.fault("lake_query", { sql: hinted })).message).toContain("a hint");
    expect(await shop.lake.output("lake_query", { sql, engine: "local" })).toMatchObject({
      rows: [["0.00"]],
    });
    expect((await shop.lake.fault("lake_read_rows", { uri, filter: '"total" = 1' })).code).toBe(
      "invalid_input",
    );
    expect(statementsOf(shop)).toEqual([]);
  });

  test("values that Databricks compares as DOUBLE, and sums and products of other types", async () => {
    const folder = `tables/floats-${session}`;
    const table = writer(folder);
    const fields = [
      { name: "f", type: "float" },
      { name: "i", type: "integer" },
    ];
    await table.create({ fields }, [await table.file("a.parquet", "SELECT 0.1::FLOAT AS f, 7::INT AS i")]);
    const columns = [
      { name: "f", type_text: "float" },
      { name: "i", type_text: "int" },
    ];
    shop.workspace.tables = [served({ storage_location: `s3://unity/${folder}`, columns })];
    for (const [sql, words] of [
      [`SELECT count(*) AS n FROM '${uri}' WHERE f = 0.1`, "compares as DOUBLE"],
      [`SELECT sum(i) FROM '${uri}'`, "sum() has another type"],
    ]) {
      const answer = await shop.lake.output("lake_query", { sql });
      expect(answer.engine).toBe("databricks");
      expect(answer.notes.join()).toContain(words);
      const estimated = await shop.lake.output("lake_query", { sql, estimate: true });
      expect(estimated.engine).toBe("databricks");
    }
    const { notes } = await shop.lake.output("lake_read_rows", { uri, filter: "f = 0.1" });
    expect(notes.join()).toContain("compares as DOUBLE");
    const here = await shop.lake.output("lake_query", {
      sql: `SELECT i, f FROM '${uri}' WHERE f IS NOT NULL`,
    });
    expect(here).toMatchObject({ engine: "local", rows: [[7, expect.closeTo(0.1)]] });
    expect((await shop.lake.output("lake_read_rows", { uri, filter: "i = 7" })).rows).toHaveLength(1);
    const asItWas = await shop.lake.fault("lake_read_rows", { uri, filter: "f = 0.1", version: 0 });
    expect(asItWas.message).toContain("compares as DOUBLE");
  });

  test("but of a moment they run here as DuckDB's SQL, and say so", async () => {
    const ask = (sql: string) => shop.lake.output("lake_query", { sql, sources: { t: { uri, version: 0 } } });
    const first = "SELECT nullif(order_id, 5) AS id FROM t WHERE order_id IN (4, 5)";
    expect((await ask(`${first} ORDER BY id`)).rows.flat()).toEqual([null, 4]);
    const own = await ask(`${first} AND order_id % 7 > 1 ORDER BY id`);
    expect(own.rows.flat()).toEqual([4, null]);
    expect(own.notes.join()).toContain("ran here, in DuckDB's SQL");
    const rows = await shop.lake.output("lake_read_rows", { uri, version: 0, filter: "order_id % 2 = 1" });
    expect(rows.notes.join()).toContain("read as DuckDB's SQL");
    expect(statementsOf(shop)).toEqual([]);
  });

  test("statements that are right there and not here, for types that Spark casts", async () => {
    const sql = `SELECT count(order_id, total) FROM '${uri}'`;
    const answer = await shop.lake.output("lake_query", { sql });
    expect(answer.engine).toBe("databricks");
    expect(answer.notes.join()).toContain("handed the statement over");
    const rows = await shop.lake.output("lake_read_rows", { uri, filter: "length(total) > 3" });
    expect(rows.notes.join()).toContain("read by the SQL warehouse");
    expect((await alone.lake.fault("lake_query", { sql })).code).toBe("invalid_input");
    // A name that is no column is none there either, and nothing is asked.
    shop.workspace.statements.all.length = 0;
    const { code, message } = await shop.lake.fault("lake_query", { sql: `SELECT sum(totl) FROM '${uri}'` });
    expect(code).toBe("invalid_input");
    expect(message).toContain("totl");
    expect((await shop.lake.fault("lake_read_rows", { uri, columns: ["totl"] })).code).toBe("invalid_input");
    expect(statementsOf(shop)).toEqual([]);
  });

  test("statements that are asked to", async () => {
    const answer = await shop.lake.output("lake_query", { sql: count, engine: "databricks" });
    expect(answer.engine).toBe("databricks");
    expect(s3.requests).toEqual([]);
  });

  test("but not where a file of the lake is named beside", async () => {
    shop.workspace.tables = [served({ table_type: "VIEW" })];
    const sql = `SELECT count(*) FROM '${uri}' JOIN 's3://lake/names.csv' USING (order_id)`;
    const { code, message } = await shop.lake.fault("lake_query", { sql });
    expect(code).toBe("unsupported");
    expect(message).toContain("over tables of Databricks alone");
    expect(statementsOf(shop)).toEqual([]);
  });
});

test("more than this machine may read goes to the warehouse", async () => {
  const { query } = shop.lake.settings;
  const small = await startDatabricksLake({}, undefined, {
    s3: shop.lake.settings.s3,
    query: { ...query, maxScanBytes: 1_000 },
  });
  try {
    answerNumbers(small.workspace);
    small.workspace.tables = [served()];
    vend(small, "session-small");
    const sql = `SELECT order_id, total FROM '${uri}'`;
    const answer = await small.lake.output("lake_query", { sql, limit: 1 });
    expect(answer.engine).toBe("databricks");
    expect(answer.notes.join()).toContain("lake.query.maxScanBytes");
    const { notes } = await small.lake.output("lake_read_rows", { uri, limit: 1 });
    expect(notes.join()).toContain("lake.query.maxScanBytes");
  } finally {
    await small.stop();
  }
});
