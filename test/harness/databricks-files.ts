import { answerNumbers, type DatabricksLake, startDatabricksLake } from "./databricks-lake.ts";
import type { ServedTable } from "./databricks-server.ts";
import { DeltaWriter } from "./delta-table.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { lakeSettings, loopbackS3 } from "./lake-settings.ts";
import { type S3Server, s3Credentials, startS3Server } from "./s3-server.ts";

/** A Delta table of 1,010 rows in two files and two versions, on S3, that two lakes read as a table of Databricks. */
export interface TableFilesShop {
  uri: string;
  s3: S3Server;
  /** With a warehouse, that answers every statement with `numbers`. */
  shop: DatabricksLake;
  /** Without one. */
  alone: DatabricksLake;
  /** Session tokens S3 says have expired, and those it does not take. */
  expired: Set<string>;
  refused: Set<string>;
  /** Session tokens whose requests S3 does not answer but with 500. */
  failing: Set<string>;
  /** The table as the workspace has it. */
  served(changes?: Partial<ServedTable>): ServedTable;
  vend(lake: DatabricksLake, sessionToken: string, lifeMs?: number): void;
  /** A table with an id and a session of its own, so that nothing of a test before is at hand; answers with its number. */
  renew(): number;
  /** Session tokens of the requests S3 saw. */
  tokensSeen(): Set<unknown>;
  writer(folder: string): DeltaWriter;
  stop(): Promise<void>;
}

export async function startTableFilesShop(): Promise<TableFilesShop> {
  const s3 = await startS3Server(["unity", "lake"]);
  const expired = new Set<string>();
  const refused = new Set<string>();
  const failing = new Set<string>();
  const proxy = await startFaultProxy(s3.endpoint, ({ headers }) => {
    const token = String(headers["x-amz-security-token"]);
    if (expired.has(token)) return { kind: "answer", status: 400, body: errorOf("ExpiredToken") };
    if (refused.has(token)) return { kind: "answer", status: 403, body: errorOf("AccessDenied") };
    if (failing.has(token)) return { kind: "answer", status: 500, body: errorOf("InternalError") };
    return undefined;
  });
  const writer = (folder: string) => new DeltaWriter(folder, (key, body) => s3.put("unity", key, body));
  await writeOrders(writer("tables/orders"));
  await s3.put("lake", "names.csv", "order_id,name\n1,Ann\n1009,Bob\n");
  const settings = {
    s3: { ...loopbackS3(proxy.endpoint), credentials: s3Credentials },
    buckets: [{ bucket: "lake", prefix: "" }],
    exports: { ...lakeSettings().exports, buckets: [{ bucket: "lake", prefix: "exports/" }] },
  };
  const shop = await startDatabricksLake({}, undefined, settings);
  const alone = await startDatabricksLake({ warehouseId: undefined }, undefined, settings);
  let session = 0;
  return {
    uri: "databricks://main.sales.orders",
    s3,
    shop,
    alone,
    expired,
    refused,
    failing,
    served,
    vend,
    renew() {
      session++;
      expired.clear();
      refused.clear();
      failing.clear();
      for (const one of [shop, alone]) {
        answerNumbers(one.workspace);
        one.workspace.tables = [served({ table_id: `id-${session}` })];
        one.workspace.credentials.length = 0;
        vend(one, `session-${session}`);
      }
      s3.requests.length = 0;
      return session;
    },
    tokensSeen: () => new Set(s3.requests.map(({ headers }) => headers["x-amz-security-token"])),
    writer,
    async stop() {
      await Promise.all([shop.stop(), alone.stop()]);
      await proxy.stop();
      await s3.stop();
    },
  };
}

function errorOf(code: string): string {
  return `<Error><Code>${code}</Code></Error>`;
}

function served(changes: Partial<ServedTable> = {}): ServedTable {
  return {
    catalog: "main",
    schema: "sales",
    name: "orders",
    table_id: "id-1",
    table_type: "MANAGED",
    data_source_format: "DELTA",
    storage_location: "s3://unity/tables/orders",
    owner: "data-team",
    columns: [
      { name: "order_id", type_text: "bigint" },
      { name: "total", type_text: "decimal(18,2)", comment: "In euros" },
      { name: "day", type_text: "date", partition_index: 0 },
    ],
    ...changes,
  };
}

function vend({ workspace }: DatabricksLake, sessionToken: string, lifeMs = 3_600_000): void {
  workspace.vended = {
    aws_temp_credentials: {
      access_key_id: `ASIA-${sessionToken}`,
      secret_access_key: `secret-of-${sessionToken}`,
      session_token: sessionToken,
    },
    expiration_time: Date.now() + lifeMs,
    url: "s3://unity/tables/orders",
  };
}

async function writeOrders(table: DeltaWriter): Promise<void> {
  const fields = [
    { name: "order_id", type: "long" },
    { name: "total", type: "decimal(18,2)" },
    { name: "day", type: "date" },
  ];
  const part = (name: string, day: string, rows: string) =>
    table.file(name, `SELECT i::BIGINT AS order_id, (i * 1.5)::DECIMAL(18,2) AS total FROM ${rows} t(i)`, {
      partitionValues: { day },
    });
  await table.create({ fields, partitionColumns: ["day"] }, [
    await part("day=2025-01-01/a.parquet", "2025-01-01", "range(1000)"),
  ]);
  await table.commit([await part("day=2025-01-02/b.parquet", "2025-01-02", "range(1000, 1010)")]);
}
