import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { createCallLog } from "../../src/telemetry/call-log.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { startTableFilesShop } from "../harness/databricks-files.ts";
import { failing } from "../harness/databricks-server.ts";

const { uri, s3, shop, alone, served, vend, expired, refused, tokensSeen, writer, renew, stop } =
  await startTableFilesShop();
afterAll(() => stop());
let session = 0;
beforeEach(() => {
  session = renew();
});
const count = `SELECT count(*) AS n, sum(total) AS total FROM '${uri}'`;

describe("credentials", () => {
  test("that expire on the way are asked for anew", async () => {
    await shop.lake.output("lake_query", { sql: count });
    expired.add(`session-${session}`);
    vend(shop, `session-${session}-b`);
    s3.requests.length = 0;
    const answer = await shop.lake.output("lake_query", { sql: count });
    expect(answer).toMatchObject({ engine: "local", rows: [[1010, "764317.50"]] });
    expect(tokensSeen()).toEqual(new Set([`session-${session}-b`]));
  });

  test("that have run out are asked for anew, and what is refused then is not read from the cache", async () => {
    vend(shop, `session-${session}`, 50);
    await shop.lake.output("lake_query", { sql: count });
    await new Promise((resolve) => setTimeout(resolve, 60));
    shop.workspace.faults = [failing(/temporary-table-credentials/, 99, 403, {})];
    expect((await shop.lake.output("lake_query", { sql: count })).engine).toBe("databricks");
  });

  test.each(["malformed", "refused", "expired for good"])("are in no answer and no log: %s", async (what) => {
    if (what === "malformed") {
      alone.workspace.vended = { ...alone.workspace.vended, expiration_time: "soon" };
    }
    if (what === "refused") refused.add(`session-${session}`);
    if (what === "expired for good") expired.add(`session-${session}`);
    const lines: string[] = [];
    const observer = createCallLog(createLog({ level: "trace", write: (line) => lines.push(line) }));
    const calls = { ...alone.lake.calls, steps: { ...alone.lake.calls.steps, observer } };
    const call = { name: "lake_query", arguments: { sql: count }, principal: localPrincipal };
    const result = await callTool(calls, call);
    expect(result).toMatchObject({ kind: "failed" });
    expect(lines).toHaveLength(1);
    const words = `${JSON.stringify(result)}${lines.join()}`;
    expect(words).toContain(what === "malformed" ? "expiration_time" : "S3 refuses");
    expect(words).not.toMatch(/secret-of|session-\d|ASIA|dapi-test-token/);
  });
});

describe("what the cache holds", () => {
  test("of a table is not read once the catalog does not show it any more", async () => {
    await alone.lake.output("lake_query", { sql: count });
    alone.workspace.faults = [failing(/tables\/main/, 9, 403, { error_code: "PERMISSION_DENIED" })];
    expect(await alone.lake.fault("lake_query", { sql: count })).toMatchObject({ code: "denied" });
    alone.workspace.faults = [];
    alone.workspace.tables = [served({ row_filter: { function_name: "f" } })];
    expect(await alone.lake.fault("lake_query", { sql: count })).toMatchObject({ code: "unsupported" });
  });

  test("of a table opens no bucket: its place is denied by its own name", async () => {
    await shop.lake.output("lake_query", { sql: count });
    s3.requests.length = 0;
    const there = "s3://unity/tables/orders";
    for (const call of [
      shop.lake.fault("lake_query", { sql: `SELECT count(*) FROM '${there}'` }),
      shop.lake.fault("lake_read_rows", { uri: `${there}/day=2025-01-01/a.parquet` }),
      shop.lake.fault("lake_list_objects", { uri: `${there}/` }),
    ])
      expect(await call).toMatchObject({ code: "denied" });
    expect(s3.requests).toEqual([]);
  });

  test("serves no table outside what the settings allow, for whoever asks", async () => {
    await shop.lake.output("lake_query", { sql: count });
    const { workspace } = shop;
    // The very same files under a name that may not be read.
    workspace.tables = [...workspace.tables, served({ schema: "hr", name: "salaries" })];
    workspace.requests.length = 0;
    for (const engine of ["auto", "local", "databricks"]) {
      const sql = "SELECT count(*) FROM 'databricks://main.hr.salaries'";
      expect(await shop.lake.fault("lake_query", { sql, engine })).toMatchObject({ code: "denied" });
    }
    const other = { ...localPrincipal, id: "somebody-else", tenantId: "other" };
    s3.requests.length = 0;
    const result = await shop.lake.call("lake_query", { sql: count }, other);
    expect(result).toMatchObject({ kind: "completed", output: { engine: "local" } });
    // Another tenant's blocks are another tenant's.
    expect(s3.requests.filter(({ url }) => url.includes(".parquet")).length).toBeGreaterThan(0);
  });

  test("of a dropped table is not taken for the one made again under its name", async () => {
    const asked = { uri, limit: 10 };
    const { cursor } = await shop.lake.output("lake_read_rows", asked);
    shop.workspace.tables = [served({ table_id: `${session}-again` })];
    vend(shop, `session-${session}-again`);
    s3.requests.length = 0;
    expect(await shop.lake.fault("lake_read_rows", { ...asked, cursor })).toMatchObject({ code: "changed" });
    await shop.lake.output("lake_query", { sql: count });
    expect(shop.workspace.credentials.at(-1)).toMatchObject({ tableId: `${session}-again` });
    expect(s3.requests.some(({ url }) => url.includes("a.parquet"))).toBe(true);
    const own = s3.requests.filter(({ url }) => url.includes(".parquet"));
    expect(new Set(own.map(({ headers }) => headers["x-amz-security-token"]))).toEqual(
      new Set([`session-${session}-again`]),
    );
  });
});

test("a log that names files outside the table's folder is refused", async () => {
  const folder = `tables/evil-${session}`;
  const table = writer(folder);
  await table.create({ fields: [{ name: "order_id", type: "long" }] });
  const add = { partitionValues: {}, size: 10, modificationTime: 0, dataChange: true };
  await table.commit([{ add: { ...add, path: "s3://unity/tables/orders/day=2025-01-01/a.parquet" } }]);
  alone.workspace.tables = [served({ storage_location: `s3://unity/${folder}` })];
  const { code, message } = await alone.lake.fault("lake_query", { sql: `SELECT * FROM '${uri}'` });
  expect(code).toBe("denied");
  expect(message).toContain("not below the table's own folder");
});
