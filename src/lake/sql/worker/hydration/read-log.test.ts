import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parquetOf } from "../../../../../test/harness/parquet.ts";
import type { JobScan } from "../../protocol.ts";
import { clearReadLog, readsOf, startReadLog } from "./read-log.ts";

let folder: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeEach(async () => {
  // Names that the engine's log does not escape.
  folder = join(await mkdtemp(join(tmpdir(), "sluice-log-")), 'a "quoted"\\name\n of two lines');
  await mkdir(folder);
  instance = await DuckDBInstance.create(":memory:", { enable_external_file_cache: "false" });
  connection = await instance.connect();
  await startReadLog(connection);
});
afterEach(async () => {
  connection.closeSync();
  instance.closeSync();
  await rm(join(folder, ".."), { recursive: true, force: true });
});

async function parquetAt(path: string): Promise<Uint8Array> {
  const bytes = await parquetOf("SELECT i FROM range(1000) t(i)");
  await writeFile(path, bytes);
  return bytes;
}

function jobOf(...paths: string[]) {
  const files = paths.map((path) => ({ path, uri: path, partition: 0 }));
  const scan: JobScan = { format: "parquet", files, partitionColumns: [], partitions: [], columns: [] };
  return { folder, tables: [{ names: ["t"], scan }], exportTo: undefined };
}

const sparse = (path: string) => [{ index: 0, name: "t", files: new Map([[path, 0]]) }];
const read = (path: string) => connection.run(`SELECT sum(i) FROM '${path}'`);

test("every read of a sparse file is told, whatever its path is", async () => {
  const path = join(folder, "0.parquet");
  const { length } = await parquetAt(path);
  await clearReadLog(connection);
  await read(path);
  const [reads, ...others] = await readsOf(connection, sparse(path), jobOf(path));
  expect(others).toEqual([]);
  expect(reads).toMatchObject({ table: 0, file: 0 });
  const ends = (reads?.offsets ?? []).filter((_, at) => at % 2 === 1);
  expect(ends.length).toBeGreaterThan(1);
  expect(Math.max(...ends)).toBe(length);
});

test("what was read before the log was cleared is not told", async () => {
  const path = join(folder, "0.parquet");
  await parquetAt(path);
  await read(path);
  await clearReadLog(connection);
  expect(await readsOf(connection, sparse(path), jobOf(path))).toEqual([]);
});

test("a whole file of the job is read without a word, and one that is not of it is refused", async () => {
  const [path, whole, stranger] = ["0", "1", "2"].map((name) => join(folder, `${name}.parquet`)) as [
    string,
    string,
    string,
  ];
  for (const one of [path, whole, stranger]) await parquetAt(one);
  await clearReadLog(connection);
  await read(whole);
  expect(await readsOf(connection, sparse(path), jobOf(path, whole))).toEqual([]);
  await read(stranger);
  await expect(readsOf(connection, sparse(path), jobOf(path, whole))).rejects.toThrow("not of the statement");
});
