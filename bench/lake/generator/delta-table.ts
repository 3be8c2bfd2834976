import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";

const commits = 14;
const checkpointVersion = 10;
const createdMs = Date.UTC(2026, 0, 1);

interface AddFile {
  path: string;
  partitionValues: { l_shipmode: string };
  size: number;
  modificationTime: number;
  dataChange: true;
  stats: string;
}

/**
 * Writes `lineitem` as a Delta table partitioned by l_shipmode: 14 commits of one file a mode, the last two of them
 * of AIR then compacted into one; a checkpoint at version 10, statistics of keys and dates on each file. Gives back
 * the paths of the live files, relative to the table. Source: Delta transaction log protocol.
 */
export async function writeDeltaTable(
  connection: DuckDBConnection,
  rows: number,
  folder: string,
): Promise<string[]> {
  await mkdir(join(folder, "_delta_log"), { recursive: true });
  const modes = await column(connection, "SELECT DISTINCT l_shipmode FROM lineitem ORDER BY 1");
  const head = [protocol, await metadata(connection)];
  const live = new Map<string, AddFile>();
  for (let version = 0; version < commits; version++) {
    const rowsOf = `rowid >= ${Math.floor((version * rows) / commits)} AND rowid < ${Math.floor(((version + 1) * rows) / commits)}`;
    const added = await Promise.all(
      modes.map((mode) => writeFileOf(connection, folder, { mode, rowsOf, version })),
    );
    for (const add of added) live.set(add.path, add);
    await writeCommit(folder, version, "WRITE", [
      ...(version === 0 ? head : []),
      ...added.map((add) => ({ add })),
    ]);
    if (version === checkpointVersion) await writeCheckpoint(connection, folder, head, [...live.values()]);
  }
  await compact(connection, folder, rows, live);
  return [...live.keys()].map((path) => decodeURIComponent(path));
}

const protocol = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };

async function metadata(connection: DuckDBConnection) {
  const described = await connection.runAndReadAll("DESCRIBE lineitem");
  const names: Record<string, string> = {
    BIGINT: "long",
    INTEGER: "integer",
    VARCHAR: "string",
    DATE: "date",
  };
  const fields = described.getRowsJson().map(([name, type]) => ({
    name,
    type: names[String(type)] ?? String(type).toLowerCase(),
    nullable: true,
    metadata: {},
  }));
  return {
    metaData: {
      id: "5a2f0f6e-6a55-4c42-9f0e-2f1b5f0a7c11",
      format: { provider: "parquet", options: {} },
      schemaString: JSON.stringify({ type: "struct", fields }),
      partitionColumns: ["l_shipmode"],
      configuration: {},
      createdTime: createdMs,
    },
  };
}

interface Part {
  mode: string;
  /** Condition on rowid. */
  rowsOf: string;
  version: number;
}

async function writeFileOf(connection: DuckDBConnection, folder: string, part: Part): Promise<AddFile> {
  const partition = `l_shipmode=${part.mode}`;
  const path = `${partition}/part-${String(part.version).padStart(5, "0")}.parquet`;
  await mkdir(join(folder, partition), { recursive: true });
  const at = join(folder, path);
  await connection.run(
    `COPY (SELECT * EXCLUDE (l_shipmode) FROM lineitem WHERE l_shipmode = '${part.mode}' AND ${part.rowsOf})
     TO '${at}' (FORMAT parquet)`,
  );
  const reader = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER, min(l_orderkey)::DOUBLE, max(l_orderkey)::DOUBLE, min(l_shipdate)::VARCHAR, max(l_shipdate)::VARCHAR FROM '${at}'`,
  );
  const [numRecords, minKey, maxKey, minDate, maxDate] = reader.getRowsJson()[0] ?? [];
  const stats = {
    numRecords,
    minValues: { l_orderkey: minKey, l_shipdate: minDate },
    maxValues: { l_orderkey: maxKey, l_shipdate: maxDate },
    nullCount: { l_orderkey: 0, l_shipdate: 0 },
  };
  return {
    path: encodeURI(path),
    partitionValues: { l_shipmode: part.mode },
    size: (await stat(at)).size,
    modificationTime: createdMs + part.version,
    dataChange: true,
    stats: JSON.stringify(stats),
  };
}

/** The last two files of AIR become one, so that a reader who does not replay the log counts them twice. */
async function compact(
  connection: DuckDBConnection,
  folder: string,
  rows: number,
  live: Map<string, AddFile>,
): Promise<void> {
  const old = [...live.values()]
    .filter(({ partitionValues }) => partitionValues.l_shipmode === "AIR")
    .slice(-2);
  const rowsOf = `rowid >= ${Math.floor(((commits - 2) * rows) / commits)}`;
  const add = await writeFileOf(connection, folder, { mode: "AIR", rowsOf, version: commits });
  const removes = old.map(({ path, partitionValues }) => ({
    remove: { path, partitionValues, deletionTimestamp: createdMs + commits, dataChange: false },
  }));
  for (const { path } of old) live.delete(path);
  live.set(add.path, add);
  await writeCommit(folder, commits, "OPTIMIZE", [...removes, { add: { ...add, dataChange: false } }]);
}

async function writeCommit(
  folder: string,
  version: number,
  operation: string,
  actions: object[],
): Promise<void> {
  const lines = [{ commitInfo: { timestamp: createdMs + version, operation } }, ...actions];
  await writeFile(
    logPath(folder, version, "json"),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
}

async function writeCheckpoint(
  connection: DuckDBConnection,
  folder: string,
  head: readonly object[],
  adds: readonly AddFile[],
): Promise<void> {
  const lines = join(folder, "checkpoint.ndjson");
  const actions = [...head, ...adds.map((add) => ({ add }))];
  await writeFile(lines, actions.map((action) => `${JSON.stringify(action)}\n`).join(""));
  await connection.run(
    `COPY (SELECT * FROM read_json('${lines}', format = 'newline_delimited', columns = {
      protocol: 'STRUCT("minReaderVersion" INTEGER, "minWriterVersion" INTEGER)',
      metaData: 'STRUCT(id VARCHAR, format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), "schemaString" VARCHAR, "partitionColumns" VARCHAR[], configuration MAP(VARCHAR, VARCHAR), "createdTime" BIGINT)',
      add: 'STRUCT(path VARCHAR, "partitionValues" MAP(VARCHAR, VARCHAR), size BIGINT, "modificationTime" BIGINT, "dataChange" BOOLEAN, stats VARCHAR)'
    })) TO '${logPath(folder, checkpointVersion, "checkpoint.parquet")}' (FORMAT parquet)`,
  );
  await rm(lines);
  const last = { version: checkpointVersion, size: actions.length };
  await writeFile(join(folder, "_delta_log", "_last_checkpoint"), JSON.stringify(last));
}

function logPath(folder: string, version: number, ending: string): string {
  return join(folder, "_delta_log", `${String(version).padStart(20, "0")}.${ending}`);
}

async function column(connection: DuckDBConnection, sql: string): Promise<string[]> {
  return (await connection.runAndReadAll(sql)).getRowsJson().map(([value]) => String(value));
}
