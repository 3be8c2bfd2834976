import { rmSync } from "node:fs";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { JobLimits } from "../protocol.ts";
import { list, literal } from "./quoting.ts";

const startOptions = {
  enable_external_file_cache: "false",
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
  allow_community_extensions: "false",
  allow_unsigned_extensions: "false",
};

/** A DuckDB instance of one call. */
export interface Database {
  connection: DuckDBConnection;
  close(): void;
}

/**
 * Opens an empty instance that can reach the given files and the call's temp folder, and nothing else. `prepare`
 * creates the views; after it the settings are locked.
 */
export async function openDatabase(
  limits: JobLimits,
  files: readonly string[],
  prepare: (connection: DuckDBConnection) => Promise<void>,
): Promise<Database> {
  const instance = await DuckDBInstance.create(":memory:", {
    ...startOptions,
    threads: String(limits.threads),
    memory_limit: `${limits.memoryBytes}B`,
  });
  const connection = await instance.connect();
  const temp = join(limits.folder, "temp");
  const close = () => {
    connection.closeSync();
    instance.closeSync();
    rmSync(temp, { recursive: true, force: true });
  };
  try {
    await connection.run(`
      SET TimeZone = 'UTC';
      SET preserve_insertion_order = true;
      SET enable_progress_bar = false;
      SET temp_directory = ${literal(temp)};
      SET max_temp_directory_size = '${limits.tempBytes}B';
      SET allowed_paths = ${list(files.map(literal))};
      SET enable_external_access = false;
    `);
    await prepare(connection);
    await connection.run("SET lock_configuration = true");
  } catch (thrown) {
    close();
    throw thrown;
  }
  return { connection, close };
}

/** An instance that only ever parses. It holds nothing and reaches nothing. */
export async function openParser(): Promise<(sql: string) => Promise<string>> {
  const instance = await DuckDBInstance.create(":memory:", { ...startOptions, threads: "1" });
  const connection = await instance.connect();
  await connection.run("SET enable_external_access = false; SET lock_configuration = true");
  return async (sql) => {
    const reader = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql]);
    return String(reader.getRowsJson()[0]?.[0]);
  };
}
