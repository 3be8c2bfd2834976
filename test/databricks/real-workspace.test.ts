import { describe, expect, test } from "vitest";
import { splitDottedName } from "../../src/core/dotted-name.ts";
import { startTestLake } from "../harness/lake.ts";

const { DATABRICKS_HOST, DATABRICKS_TOKEN, DATABRICKS_WAREHOUSE_ID, DATABRICKS_TABLE } = process.env;
const isSet = Boolean(DATABRICKS_HOST && DATABRICKS_TOKEN && DATABRICKS_WAREHOUSE_ID);

/** Set DATABRICKS_HOST, DATABRICKS_TOKEN and DATABRICKS_WAREHOUSE_ID to run it; it reads and changes nothing. */
describe.runIf(isSet)("a real workspace of Databricks", () => {
  const table = DATABRICKS_TABLE ?? "samples.nyctaxi.trips";
  const schema = splitDottedName(table)?.slice(0, 2) ?? ["none"];

  test("lists, describes, reads and queries a table", { timeout: 600_000 }, async () => {
    const databricks = {
      host: new URL(DATABRICKS_HOST ?? "").origin,
      credentials: { kind: "token", token: DATABRICKS_TOKEN ?? "" } as const,
      warehouseId: DATABRICKS_WAREHOUSE_ID,
      allow: [schema],
      maxResultBytes: 16 * 1024 ** 2,
    };
    const s3 = { region: undefined, endpoint: undefined, forcePathStyle: false };
    const lake = await startTestLake({ settings: { databricks, s3 }, timeoutMs: 500_000 });
    try {
      const uri = `databricks://${table}`;
      const { sources } = await lake.output("lake_list_sources", { uri: `databricks://${schema.join(".")}` });
      expect(sources).toContainEqual({ kind: "databricks", level: "table", name: table, uri });
      const { columns } = await lake.output("lake_get_metadata", { uri });
      expect(columns.length).toBeGreaterThan(0);
      const { rows } = await lake.output("lake_read_rows", { uri, limit: 5 });
      expect(rows.length).toBeLessThanOrEqual(5);
      // From files where the table allows it, and the same as the warehouse says.
      const sql = `SELECT count(*) AS n FROM '${uri}'`;
      const counted = await lake.output("lake_query", { sql });
      expect(counted.columns).toEqual([{ name: "n", type: "BIGINT" }]);
      expect(counted.rows).toEqual((await lake.output("lake_query", { sql, engine: "databricks" })).rows);
      const typed = await lake.output("lake_query", {
        engine: "databricks",
        sql: "SELECT 9007199254740993 a, CAST(1.5 AS DECIMAL(4,2)) b, TIMESTAMP '2024-01-02 03:04:05.678901' c, CAST('AB' AS BINARY) d, array(1, 2) e, named_struct('x', 1) f, map('k', 1) g, 'it''s' h",
      });
      const [row] = typed.rows;
      expect([row[0], row[1], row[3], row[4], row[5], row[6], row[7]]).toEqual([
        "9007199254740993",
        "1.50",
        { base64: "QUI=", sizeBytes: 2 },
        [1, 2],
        { x: 1 },
        [{ key: "k", value: 1 }],
        "it's",
      ]);
      // The session's zone shifts it; its microseconds must be there.
      expect(row[2]).toContain(".678901");
      expect(
        await lake.fault("lake_query", { sql: "SELECT 1 FROM 'databricks://system.access.audit'" }),
      ).toMatchObject({
        code: "denied",
      });
    } finally {
      await lake.stop();
    }
  });
});
