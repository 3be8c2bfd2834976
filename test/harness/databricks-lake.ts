import type { DatabricksSettings, LakeSettings } from "../../src/lake/settings.ts";
import {
  type DatabricksServer,
  type ServedTable,
  startDatabricksServer,
  warehouseId,
  workspaceToken,
} from "./databricks-server.ts";
import type { StatementOutcome, StatementScript } from "./databricks-statements.ts";
import { startTestLake, type TestLake } from "./lake.ts";

export interface DatabricksLake {
  lake: TestLake;
  workspace: DatabricksServer;
  stop(): Promise<void>;
}

/** Two tables that may be read, by the warehouse alone, and one that may not. */
export const shopTables: ServedTable[] = [
  {
    catalog: "main",
    schema: "sales",
    name: "orders",
    table_type: "MANAGED",
    data_source_format: "DELTA",
    owner: "data-team",
    comment: "One row an order",
    storage_location: "s3://lake/unity/orders",
    properties: { "delta.minReaderVersion": "1" },
    created_at: 1_700_000_000_000,
    updated_at: 1_750_000_000_000,
    columns: [
      { name: "order_id", type_text: "bigint", type_name: "LONG", position: 0, nullable: false },
      { name: "total", type_text: "decimal(18,2)", type_name: "DECIMAL", position: 1, comment: "In euros" },
      { name: "lines", type_text: "array<struct<sku:string,qty:int>>", type_name: "ARRAY", position: 2 },
      { name: "day", type_text: "date", type_name: "DATE", position: 3, partition_index: 0 },
    ],
  },
  { catalog: "main", schema: "sales", name: "customers", table_type: "VIEW", columns: [] },
  { catalog: "main", schema: "hr", name: "salaries", table_type: "MANAGED", columns: [] },
];

/** A lake with a workspace beside it, of which `main.sales` may be read. */
export async function startDatabricksLake(
  changes: Partial<DatabricksSettings> = {},
  script?: StatementScript,
  settings: Partial<LakeSettings> = {},
): Promise<DatabricksLake> {
  const workspace = await startDatabricksServer(script);
  workspace.tables = [...shopTables];
  const databricks: DatabricksSettings = {
    host: workspace.host,
    credentials: { kind: "token", token: workspaceToken },
    warehouseId,
    allow: [["main", "sales"]],
    maxResultBytes: 16 * 1024 ** 2,
    ...changes,
  };
  const lake = await startTestLake({ settings: { ...settings, databricks } });
  return {
    lake,
    workspace,
    async stop() {
      await lake.stop();
      await workspace.stop();
    },
  };
}

/** Starts lakes as tests want them; all stop together. */
export function databricksLakes() {
  const open: DatabricksLake[] = [];
  return {
    async start(...args: Parameters<typeof startDatabricksLake>): Promise<DatabricksLake> {
      const started = await startDatabricksLake(...args);
      open.push(started);
      return started;
    },
    stop: () => Promise.all(open.map((one) => one.stop())),
  };
}

/** 2,500 rows in four chunks. */
export const numbers: StatementOutcome = {
  columns: [{ name: "n", type_text: "BIGINT" }],
  rows: Array.from({ length: 2_500 }, (_, n) => [String(n)]),
  rowsPerChunk: 700,
};

/** A workspace without faults and past requests, that answers every statement with `numbers`. */
export function answerNumbers(workspace: DatabricksServer): void {
  workspace.faults = [];
  workspace.requests.length = 0;
  workspace.statements.all.length = 0;
  workspace.statements.script = () => numbers;
}
