import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AthenaSettings } from "../../src/lake/settings.ts";
import { type AthenaServer, type SimulatedTable, startAthenaServer } from "./athena-server.ts";
import { startTestLake, type TestLake, type TestLakeOptions } from "./lake.ts";
import { parquetOf } from "./parquet.ts";

/** A real lake beside a simulated Athena, whose tables lie in the lake's bucket. */
export interface AthenaLake extends TestLake {
  athena: AthenaServer;
}

const orders = `SELECT range AS id, range % 3 AS status, (range * 1.25)::DECIMAL(18,2) AS total,
  md5(range::VARCHAR) AS name, range::DOUBLE / 4 AS weight FROM range(20000)`;

const events2024 = "SELECT range AS id, md5('old' || range) AS kind FROM range(15000)";
const events2025 = "SELECT range AS id, md5('new' || range) AS kind FROM range(17000)";

/**
 * Tables: `sales.orders` (one Parquet file), `sales.events` (partitioned by year), `sales.notes` (CSV), `sales.view`, and
 * `private.salaries`, which is not allowed.
 */
export async function startAthenaLake(
  athena: Partial<AthenaSettings> = {},
  options: Omit<TestLakeOptions, "settings"> & { settings?: TestLakeOptions["settings"] } = {},
): Promise<AthenaLake> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-athena-"));
  const files = {
    "orders/part.parquet": await parquetOf(orders, "ROW_GROUP_SIZE 2048"),
    "events/year=2024/a.parquet": await parquetOf(events2024),
    "events/year=2025/a.parquet": await parquetOf(events2025),
    "notes/notes.csv": Buffer.from("id,note\n1,hello\n2,\n"),
  };
  const local = async (name: keyof typeof files) => {
    const path = join(folder, name.replaceAll("/", "_").replaceAll("=", "-"));
    await writeFile(path, files[name]);
    return path;
  };
  const server = await startAthenaServer(await tablesFrom(files, local));
  const lake = await startTestLake({
    ...options,
    settings: {
      ...options.settings,
      athena: {
        workgroup: "agents",
        outputLocation: undefined,
        catalog: "AwsDataCatalog",
        tables: [{ database: "sales", table: "*" }],
        region: "eu-west-1",
        endpoint: server.endpoint,
        usdPerTib: 5,
        maxScanBytes: 100 * 1024 ** 3,
        auto: false,
        ...athena,
      },
    },
    athenaTimes: { firstMs: 1, mostMs: 5 },
  });
  for (const [key, body] of Object.entries(files)) await lake.put(key, body);
  return {
    ...lake,
    athena: server,
    async stop() {
      await lake.stop();
      await server.stop();
    },
  };
}

async function tablesFrom(
  files: Record<string, Buffer>,
  local: (name: never) => Promise<string>,
): Promise<SimulatedTable[]> {
  const sizeOf = (prefix: string) =>
    Object.entries(files).reduce((sum, [name, body]) => sum + (name.startsWith(prefix) ? body.length : 0), 0);
  const path = (name: string) => local(name as never);
  return [
    {
      database: "sales",
      name: "orders",
      location: "s3://lake/orders",
      columns: [
        { Name: "id", Type: "bigint" },
        { Name: "status", Type: "bigint" },
        { Name: "total", Type: "decimal(18,2)" },
        { Name: "name", Type: "string" },
        { Name: "weight", Type: "double" },
      ],
      from: `read_parquet('${await path("orders/part.parquet")}')`,
      sizeBytes: sizeOf("orders/"),
    },
    {
      database: "sales",
      name: "events",
      location: "s3://lake/events/",
      columns: [
        { Name: "id", Type: "bigint" },
        { Name: "kind", Type: "string" },
      ],
      partitionKeys: [{ Name: "year", Type: "int" }],
      partitions: ["s3://lake/events/year=2024", "s3://lake/events/year=2025/"],
      from: `(SELECT *, 2024 AS year FROM read_parquet('${await path("events/year=2024/a.parquet")}') UNION ALL SELECT *, 2025 FROM read_parquet('${await path("events/year=2025/a.parquet")}'))`,
      sizeBytes: sizeOf("events/"),
    },
    {
      database: "sales",
      name: "notes",
      location: "s3://lake/notes/",
      serde: "org.apache.hadoop.hive.serde2.OpenCSVSerde",
      columns: [
        { Name: "id", Type: "string" },
        { Name: "note", Type: "string" },
      ],
      from: `read_csv('${await path("notes/notes.csv")}', all_varchar = true)`,
      sizeBytes: sizeOf("notes/"),
    },
    {
      database: "sales",
      name: "view",
      tableType: "VIRTUAL_VIEW",
      location: "",
      columns: [{ Name: "n", Type: "bigint" }],
      from: "(SELECT 1 AS n)",
      sizeBytes: 0,
    },
    {
      database: "private",
      name: "salaries",
      location: "s3://secret/salaries/",
      columns: [{ Name: "salary", Type: "bigint" }],
      from: "(SELECT 1000000 AS salary)",
      sizeBytes: 10,
    },
  ];
}
