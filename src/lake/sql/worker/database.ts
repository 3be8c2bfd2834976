import { rmSync } from "node:fs";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { JobLimits } from "../protocol.ts";
import { countLeavings } from "./leavings.ts";
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
  /** To be called between steps that bind text files. */
  giveBack: GiveBack;
  close(): void;
}

type GiveBack = ReturnType<typeof countLeavings>;

/** Empty instances, the next of which is made while the worker has nothing to do: it takes 10 ms and more. */
export class Instances {
  private next: { key: string; made: Promise<DuckDBInstance> } | undefined;

  /** One that nobody else ever gets. */
  take(limits: EngineLimits): Promise<DuckDBInstance> {
    const { next } = this;
    this.next = undefined;
    return next?.key === keyOf(limits) ? next.made : createInstance(limits);
  }

  prepare(limits: EngineLimits): void {
    if (this.next) return;
    const made = createInstance(limits);
    made.catch(() => {});
    this.next = { key: keyOf(limits), made };
  }
}

type EngineLimits = Pick<JobLimits, "threads" | "memoryBytes">;

function keyOf({ threads, memoryBytes }: EngineLimits): string {
  return `${threads}/${memoryBytes}`;
}

function createInstance({ threads, memoryBytes }: EngineLimits): Promise<DuckDBInstance> {
  return DuckDBInstance.create(":memory:", {
    ...startOptions,
    threads: String(threads),
    memory_limit: `${memoryBytes}B`,
  });
}

/** What a database can reach. The engine looks at a list of paths for each file: of thousands, a folder is better. */
export interface Reachable {
  files: readonly string[];
  /** With all that is in them. */
  folders?: readonly string[];
  /** Of its temporary files, removed when it is closed. Default: in the call's folder. */
  temp?: string;
}

/**
 * Opens an empty instance that can reach the given files and its temp folder, and nothing else.
 * `prepare` creates the views; after it the settings are locked.
 */
export async function openDatabase(
  instances: Instances,
  limits: JobLimits,
  { files, folders = [], temp = join(limits.folder, "temp") }: Reachable,
  prepare: (connection: DuckDBConnection, giveBack: GiveBack) => Promise<void>,
): Promise<Database> {
  const giveBack = countLeavings();
  const instance = await instances.take(limits);
  const connection = await instance.connect();
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
      SET allowed_directories = ${list(folders.map((folder) => literal(`${folder}/`)))};
      SET enable_external_access = false;
    `);
    await prepare(connection, giveBack);
    await connection.run("SET lock_configuration = true");
  } catch (thrown) {
    close();
    throw thrown;
  }
  return { connection, giveBack, close };
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
