import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { shopTables } from "../harness/databricks-lake.ts";
import {
  type DatabricksServer,
  startDatabricksServer,
  warehouseId,
  workspaceToken,
} from "../harness/databricks-server.ts";

let user: CliHome;
let workspace: DatabricksServer;
beforeAll(async () => {
  user = await createCliHome();
  workspace = await startDatabricksServer();
  workspace.tables = [...shopTables];
});
afterAll(async () => {
  await workspace.stop();
  await user.remove();
});

const settings = (changes: Record<string, string> = {}) => ({
  SLUICE_LAKE_DATABRICKS_HOST: workspace.host,
  SLUICE_LAKE_DATABRICKS_TOKEN: workspaceToken,
  SLUICE_LAKE_DATABRICKS_WAREHOUSE_ID: warehouseId,
  SLUICE_LAKE_DATABRICKS_ALLOW: "main.sales,main.hr.salaries",
  ...changes,
});

test("doctor tries the workspace: what may be read, and the warehouse", async () => {
  const { code, stdout } = await user.sluice(["doctor"], { env: settings() });
  expect(stdout).toContain("✓ databricks://main.sales: can be seen");
  expect(stdout).toContain("✓ databricks://main.hr.salaries: can be seen");
  expect(stdout).toContain("✓ databricks warehouse: Test is running");
  expect(code).toBe(0);
});

test("doctor says how to mend a refused token, a table that is not there and a warehouse that is not", async () => {
  const refused = await user.sluice(["doctor"], {
    env: settings({ SLUICE_LAKE_DATABRICKS_TOKEN: "dapi-old" }),
  });
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain(
    "✗ databricks://main.sales: Databricks does not take this server's credentials",
  );
  expect(refused.stdout + refused.stderr).not.toContain("dapi-old");
  const absent = await user.sluice(["doctor"], {
    env: settings({
      SLUICE_LAKE_DATABRICKS_ALLOW: "main.sales.nothing",
      SLUICE_LAKE_DATABRICKS_WAREHOUSE_ID: "other",
    }),
  });
  expect(absent.stdout).toContain(
    '✗ databricks://main.sales.nothing: The table "databricks://main.sales.nothing" does not exist',
  );
  expect(absent.stdout).toContain('✗ databricks warehouse: The warehouse "other" does not exist');
});

test("config never shows the token", async () => {
  const { stdout } = await user.sluice(["config", "--json"], { env: settings() });
  expect(stdout).toContain(workspace.host);
  expect(stdout).not.toContain(workspaceToken);
});
