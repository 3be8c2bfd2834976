import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { WrittenFile } from "./parquet-files.ts";

/** What is known of the shop's shipments: a Delta table of three versions. */
export interface ShipmentFacts {
  /** Of versions 0, 1 and 2. */
  rowsByVersion: number[];
}

const folder = "shipments";
const place = "demo-lake";
const carriers = ["DHL", "GLS", "Pony Express"];
const rowsPerFile = 400;

const fields = [
  { name: "shipment_id", type: "long" },
  { name: "order_id", type: "long" },
  { name: "shipped_on", type: "date" },
  { name: "weight_kg", type: "decimal(6,2)" },
  { name: "carrier", type: "string" },
];

const months = [
  { first: "2025-10-01", modified: new Date("2025-11-01T04:00:00Z") },
  { first: "2025-11-01", modified: new Date("2025-12-01T04:00:00Z") },
] as const;
const givenUp = { carrier: "Pony Express", modified: new Date("2025-12-05T09:30:00Z") };

/** Two months of shipments by carrier; then the carrier that was given up is removed. */
export async function writeShipments(
  connection: DuckDBConnection,
  root: string,
): Promise<{ files: WrittenFile[]; facts: ShipmentFacts }> {
  const files: WrittenFile[] = [];
  const removals: object[] = [];
  for (const [version, { first, modified }] of months.entries()) {
    const adds: object[] = [];
    for (const [at, carrier] of carriers.entries()) {
      const key = `${folder}/carrier=${encodeURIComponent(carrier)}/part-${version}.snappy.parquet`;
      await writePart(connection, join(root, place, key), { first, seed: version * carriers.length + at });
      files.push({ place, key, modified });
      const { size } = await stat(join(root, place, key));
      const path = pathInLog(key);
      const stats = JSON.stringify({ numRecords: rowsPerFile });
      const common = { path, partitionValues: { carrier }, dataChange: true };
      adds.push({ add: { ...common, size, modificationTime: modified.getTime(), stats } });
      if (carrier === givenUp.carrier) removals.push({ remove: { path, dataChange: true } });
    }
    const create = version === 0 ? definition() : [];
    const operation = version === 0 ? "CREATE TABLE AS SELECT" : "WRITE";
    files.push(await writeCommit(root, version, { modified, operation, actions: [...create, ...adds] }));
  }
  const { modified } = givenUp;
  files.push(await writeCommit(root, 2, { modified, operation: "DELETE", actions: removals }));
  const perMonth = carriers.length * rowsPerFile;
  const rowsByVersion = [perMonth, 2 * perMonth, 2 * perMonth - removals.length * rowsPerFile];
  return { files, facts: { rowsByVersion } };
}

/** Encoded once more than the names of folders are. */
function pathInLog(key: string): string {
  const name = key.slice(folder.length + 1);
  return name.split("/").map(encodeURIComponent).join("/").replaceAll("%3D", "=");
}

interface Commit {
  modified: Date;
  operation: string;
  actions: readonly object[];
}

async function writeCommit(root: string, version: number, { modified, operation, actions }: Commit) {
  const key = `${folder}/_delta_log/${String(version).padStart(20, "0")}.json`;
  const timestamp = modified.getTime();
  const commitInfo = { timestamp, operation, operationParameters: {}, engineInfo: "Sluice demo" };
  const lines = [{ commitInfo }, ...actions].map((action) => JSON.stringify(action));
  await mkdir(dirname(join(root, place, key)), { recursive: true });
  await writeFile(join(root, place, key), `${lines.join("\n")}\n`);
  return { place, key, modified } as const;
}

function definition(): object[] {
  const schemaString = JSON.stringify({
    type: "struct",
    fields: fields.map((field) => ({ ...field, nullable: true, metadata: {} })),
  });
  const format = { provider: "parquet", options: {} };
  return [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        id: "5a1c6b1e-7d0f-4f52-8f4e-2f3f2a4d9b10",
        name: "shipments",
        format,
        schemaString,
        partitionColumns: ["carrier"],
        configuration: { "delta.appendOnly": "false" },
      },
    },
  ];
}

async function writePart(
  connection: DuckDBConnection,
  path: string,
  { first, seed }: { first: string; seed: number },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await connection.run(`COPY (
    SELECT ${seed * rowsPerFile} + i AS shipment_id, 100001 + (hash(i, ${seed}) % 200000)::BIGINT AS order_id,
      (DATE '${first}' + (i % 30)::INTEGER) AS shipped_on,
      (0.2 + (hash(${seed}, i) % 3000)::BIGINT / 100)::DECIMAL(6,2) AS weight_kg
    FROM range(${rowsPerFile}) t(i)) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION snappy)`);
}
