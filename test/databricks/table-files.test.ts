import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { allowWrites } from "../../src/core/steps.ts";
import { startTableFilesShop } from "../harness/databricks-files.ts";
import type { DatabricksLake } from "../harness/databricks-lake.ts";

const { uri, s3, shop, alone, served, tokensSeen, renew, stop } = await startTableFilesShop();
afterAll(() => stop());
let session = 0;
beforeEach(() => {
  session = renew();
});
const count = `SELECT count(*) AS n, sum(total) AS total FROM '${uri}'`;
const statementsOf = ({ workspace }: DatabricksLake) => workspace.statements.all.map(({ sql }) => sql);

describe("a Delta table of Databricks is read from its files", () => {
  test("by lake_query, with the credentials vended for it alone, and says so", async () => {
    const answer = await shop.lake.output("lake_query", { sql: count });
    expect(answer).toMatchObject({ rows: [[1010, "764317.50"]], engine: "local" });
    expect(answer.notes.join()).toContain("read from its files in S3 (Delta version 1)");
    expect(statementsOf(shop)).toEqual([]);
    expect(tokensSeen()).toEqual(new Set([`session-${session}`]));
    expect(shop.workspace.credentials).toEqual([{ tableId: `id-${session}`, operation: "READ" }]);
  });

  test("where no warehouse is set too", async () => {
    expect(await alone.lake.output("lake_query", { sql: count })).toMatchObject({
      rows: [[1010, "764317.50"]],
      engine: "local",
    });
  });

  test("a second time with no byte of data fetched, and no credentials asked for", async () => {
    await shop.lake.output("lake_query", { sql: count });
    s3.requests.length = 0;
    await shop.lake.output("lake_query", { sql: count });
    expect(s3.requests.filter(({ url }) => url.includes(".parquet"))).toEqual([]);
    expect(shop.workspace.credentials).toHaveLength(1);
  });

  test("by lake_read_rows, page by page, with columns and a condition, and as it was", async () => {
    const asked = { uri, columns: ["order_id", "day"], filter: "order_id >= 998", limit: 3 };
    const first = await shop.lake.output("lake_read_rows", asked);
    expect(first.rows).toEqual([
      [998, "2025-01-01"],
      [999, "2025-01-01"],
      [1000, "2025-01-02"],
    ]);
    const { rows } = await shop.lake.output("lake_read_rows", { ...asked, cursor: first.cursor });
    expect(rows[0]).toEqual([1001, "2025-01-02"]);
    const before = await shop.lake.output("lake_read_rows", { ...asked, version: 0 });
    expect(before.rows).toHaveLength(2);
    const sources = { t: { uri, version: 0 } };
    const old = await shop.lake.output("lake_query", { sql: "SELECT count(*) FROM t", sources });
    expect(old).toMatchObject({ rows: [[1000]], engine: "local" });
    expect(statementsOf(shop)).toEqual([]);
  });

  test("by lake_get_metadata: the catalog's words, and the log's", async () => {
    const found = await shop.lake.output("lake_get_metadata", { uri });
    expect(found).toMatchObject({
      uri,
      format: "delta",
      fileCount: 2,
      rows: { count: 1010, exactness: "exact" },
      columns: [
        { name: "order_id", type: "BIGINT" },
        { name: "total", type: "DECIMAL(18,2)", comment: "In euros" },
        { name: "day", type: "DATE" },
      ],
      delta: { version: 1 },
      table: { type: "MANAGED", owner: "data-team" },
    });
    const { timestamp } = found.delta;
    const then = await shop.lake.output("lake_get_metadata", { uri, timestamp });
    expect(then.delta.version).toBe(1);
    const first = await shop.lake.output("lake_get_metadata", { uri, version: 0 });
    expect(first).toMatchObject({ rows: { count: 1000 }, delta: { version: 0 } });
    expect(await shop.lake.fault("lake_get_metadata", { uri, version: 7 })).toMatchObject({
      code: "not_found",
    });
  });

  test("joined with a file of the lake in one statement, each with its own credentials", async () => {
    const sql = `SELECT name, total FROM '${uri}' JOIN 's3://lake/names.csv' USING (order_id) ORDER BY 1`;
    expect(await shop.lake.output("lake_query", { sql })).toMatchObject({
      rows: [
        ["Ann", "1.50"],
        ["Bob", "1513.50"],
      ],
      engine: "local",
    });
    const ofLake = s3.requests.filter(({ url }) => url.startsWith("/lake/"));
    expect(ofLake.length).toBeGreaterThan(0);
    expect(new Set(ofLake.map(({ headers }) => headers["x-amz-security-token"]))).toEqual(
      new Set([undefined]),
    );
  });

  test("in the order a warehouse gives: NULLs first, and last where it is sorted down", async () => {
    const sql = (order: string) =>
      `SELECT nullif(order_id, 5) AS id FROM '${uri}' WHERE order_id IN (4, 5, 6) ORDER BY ${order}`;
    const idsOf = async (order: string, more: Record<string, unknown> = {}) => {
      const answer = await shop.lake.output("lake_query", { sql: sql(order), ...more });
      expect(answer.engine).toBe("local");
      return answer;
    };
    expect((await idsOf("id")).rows.flat()).toEqual([null, 4, 6]);
    expect((await idsOf("id DESC;")).rows.flat()).toEqual([6, 4, null]);
    expect((await idsOf("id NULLS LAST")).rows.flat()).toEqual([4, 6, null]);
    expect((await idsOf("id", { engine: "local" })).rows.flat()).toEqual([4, 6, null]);
    const first = await idsOf("id", { limit: 2 });
    const second = await idsOf("id", { limit: 2, cursor: first.cursor });
    expect([...first.rows, ...second.rows].flat()).toEqual([null, 4, 6]);
    expect(statementsOf(shop)).toEqual([]);
  });

  test("by lake_profile_dataset", async () => {
    const { columns: found } = await shop.lake.output("lake_profile_dataset", { uri, columns: ["order_id"] });
    expect(found).toMatchObject([{ name: "order_id", min: 0, max: 1009, nulls: 0 }]);
  });

  test("by lake_export_query, which writes with this server's own credentials", async () => {
    const writing = { ...shop.lake.calls, steps: { ...shop.lake.calls.steps, confirmer: allowWrites } };
    const result = await callTool(writing, {
      name: "lake_export_query",
      arguments: { sql: `SELECT order_id FROM '${uri}' WHERE order_id < 3`, format: "csv" },
      principal: localPrincipal,
    });
    expect(result).toMatchObject({ kind: "completed", output: { rows: 3 } });
    const puts = s3.requests.filter(({ method }) => method === "PUT");
    expect(puts.length).toBeGreaterThan(0);
    expect(puts.every(({ headers }) => headers["x-amz-security-token"] === undefined)).toBe(true);
  });

  test("and is estimated so", async () => {
    expect(await shop.lake.output("lake_query", { sql: count, estimate: true })).toMatchObject({
      engine: "local",
      estimate: { files: 2 },
    });
    shop.workspace.tables = [served({ table_type: "VIEW" })];
    const view = await shop.lake.output("lake_query", { sql: count, estimate: true });
    expect(view).toMatchObject({
      engine: "databricks",
      estimate: { reason: expect.stringContaining("it is a view") },
    });
  });
});
