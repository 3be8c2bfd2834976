import { afterAll, describe, expect, test } from "vitest";
import { type CallResult, callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import type { Reach } from "../../src/lake/reach.ts";
import { startAthenaLake } from "../harness/athena-lake.ts";
import { startDatabricksLake } from "../harness/databricks-lake.ts";
import type { TestLake } from "../harness/lake.ts";

const none: Reach = { buckets: [], localRoots: [], databricks: [], athena: [] };

/** Calls as somebody who reaches only so much. */
function reaching({ lake, calls }: TestLake, reach: Partial<Reach>) {
  const services = { lake: lake.within({ ...none, ...reach }) };
  return (name: string, args: Record<string, unknown> = {}): Promise<CallResult> =>
    callTool({ ...calls, services }, { name, arguments: args, principal: localPrincipal });
}

const names = (result: CallResult) =>
  result.kind === "completed"
    ? (result.output.sources as { name: string }[]).map(({ name }) => name)
    : result;
const denied = { fault: { code: "denied" } };

describe("of Unity Catalog", async () => {
  const { lake, workspace, stop } = await startDatabricksLake({ allow: [["main"]] });
  afterAll(stop);
  const call = reaching(lake, { databricks: [["main", "sales", "orders"]] });
  const nobody = reaching(lake, { buckets: [{ bucket: "lake", prefix: "" }] });

  test("only what is reached is listed, described and queried", async () => {
    expect(names(await call("lake_list_sources"))).toEqual(["main.sales.orders"]);
    expect(names(await call("lake_list_sources", { uri: "databricks://main.sales" }))).toEqual([
      "main.sales.orders",
    ]);
    expect(names(await nobody("lake_list_sources"))).toEqual(["lake"]);
    const uri = "databricks://main.sales.orders";
    expect(await call("lake_get_metadata", { uri })).toMatchObject({ kind: "completed" });
    expect(await nobody("lake_get_metadata", { uri })).toMatchObject(denied);
  });

  test.each(["databricks://main.sales.customers", "databricks://main.hr.salaries"])(
    "%s is denied by every tool, and nothing is asked for",
    async (uri) => {
      await lake.call("lake_get_metadata", { uri });
      workspace.requests.length = 0;
      for (const ask of [call, nobody]) {
        expect(await ask("lake_get_metadata", { uri })).toMatchObject(denied);
        expect(await ask("lake_read_rows", { uri })).toMatchObject(denied);
        expect(await ask("lake_query", { sql: `SELECT * FROM '${uri}'` })).toMatchObject(denied);
        expect(
          await ask("lake_query", { sql: `SELECT * FROM '${uri}'`, engine: "databricks" }),
        ).toMatchObject(denied);
      }
      expect(workspace.requests).toEqual([]);
    },
  );
});

describe("of the Glue catalog", async () => {
  const lake = await startAthenaLake();
  afterAll(() => lake.stop());
  const call = reaching(lake, { athena: [{ database: "sales", table: "notes" }] });

  test("only what is reached is listed, described and queried", async () => {
    expect(names(await call("lake_list_sources"))).toEqual(["sales.notes"]);
    expect(await call("lake_get_metadata", { uri: "athena://sales.orders" })).toMatchObject(denied);
    for (const sql of [
      "SELECT * FROM sales.orders",
      "SELECT * FROM 'athena://sales.orders'",
      "SELECT * FROM sales.notes JOIN sales.orders ON true",
      "SELECT * FROM 's3://lake/orders/'",
    ]) {
      expect(await call("lake_query", { sql, engine: "athena" })).toMatchObject({ kind: "failed" });
    }
    expect(await call("lake_query", { sql: "SELECT * FROM sales.notes", engine: "athena" })).toMatchObject({
      kind: "completed",
    });
  });

  test("a further page is not to be had by whoever no longer reaches the table", async () => {
    const args = { sql: "SELECT id FROM sales.orders", engine: "athena", limit: 5 };
    const first = await lake.output("lake_query", args);
    expect(first.cursor).toBeDefined();
    expect(await call("lake_query", { ...args, cursor: first.cursor })).toMatchObject(denied);
  });
});

describe("of a local root", async () => {
  const { lake, stop } = await startDatabricksLake();
  afterAll(stop);
  const folder = await lake.write("team/deep/x.csv", "id\n1\n");
  await lake.write("team2/x.csv", "id\n2\n");
  const call = reaching(lake, { localRoots: [`${lake.root}/team`] });

  test("one folder is a place of its own, and nothing beside it is there", async () => {
    expect(await call("lake_list_sources")).toMatchObject({
      output: { sources: [{ kind: "local", name: "root/team", uri: `${lake.root}/team` }] },
    });
    expect(await call("lake_read_rows", { uri: folder })).toMatchObject({ output: { rows: [[1]] } });
    expect(await call("lake_query", { sql: `SELECT * FROM '${lake.root}/team/**/*.csv'` })).toMatchObject({
      output: { rows: [[1]] },
    });
    for (const uri of [
      lake.root,
      `${lake.root}/team2/x.csv`,
      `${lake.root}/team/../team2/x.csv`,
      `${lake.root}/*/*.csv`,
    ]) {
      expect(await call("lake_read_rows", { uri })).toMatchObject(denied);
    }
    expect(await call("lake_list_objects", { uri: `${lake.root}/` })).toMatchObject(denied);
  });
});
