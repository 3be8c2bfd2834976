import { randomUUID } from "node:crypto";
import { link, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Scan, ScanFile } from "./engine.ts";
import { partitionKey } from "./partition-key.ts";
import type { PreparedStore } from "./prepared-store.ts";
import type { JobFile, JobScan, PartitionValues } from "./protocol.ts";
import type { PreparedText } from "./scan/prepared.ts";

/** A folder of one call: links to its files, its temporary files, its rows. Nothing of another call. */
export interface JobFolder {
  path: string;
  remove(): Promise<void>;
}

export async function makeJobFolder(parent: string): Promise<JobFolder> {
  const path = join(parent, randomUUID());
  await mkdir(path, { recursive: true, mode: 0o700 });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Links a scan's files into the folder: `table-0/_sluice_partition=3/17.csv`. Links hide server paths from the
 * engine's messages and carry the partition in their path, by which the engine prunes.
 */
export async function linkScan(
  folder: JobFolder,
  table: number,
  scan: Scan,
  store: PreparedStore,
): Promise<JobScan> {
  const partitions = new Map<string, { index: number; values: PartitionValues }>();
  const files: JobFile[] = [];
  for (const [index, file] of scan.files.entries()) {
    const values = scan.partitionColumns.map(({ name }) => file.partition[name] ?? null);
    // Rows that do not count are told by the number of their file's partition and theirs.
    const key = JSON.stringify(file.deleted ? [values, index] : values);
    const partition = partitions.get(key) ?? { index: partitions.size, values };
    if (!partitions.has(key)) {
      partitions.set(key, partition);
      await mkdir(join(folder.path, `table-${table}`, `${partitionKey}=${partition.index}`), {
        recursive: true,
      });
    }
    const name = `${index}.${scan.format}`;
    const path = join(folder.path, `table-${table}`, `${partitionKey}=${partition.index}`, name);
    files.push(await linkFile(path, file, partition.index, scan, store));
  }
  return {
    format: scan.format,
    files,
    partitionColumns: scan.partitionColumns,
    partitions: [...partitions.values()].map(({ values }) => values),
    columns: "columns" in scan ? scan.columns : [],
    dialect: scan.format === "csv" ? scan.dialect : undefined,
    ranges: scan.format === "parquet" ? scan.ranges : undefined,
    deltaFields: scan.format === "parquet" ? scan.deltaFields : undefined,
  };
}

async function linkFile(
  path: string,
  file: ScanFile,
  partition: number,
  scan: Scan,
  store: PreparedStore,
): Promise<JobFile> {
  const known = await preparedOf(file, scan, store);
  await linkTo(known?.isCopy ? known.path : file.path, path);
  if (file.deleted) await writeFile(`${path}.deleted`, file.deleted.bitmap, { mode: 0o600 });
  const { uri, isConverted, isTyped, hydrate } = file;
  const prepared = known && { ...known, path };
  const deleted = file.deleted && { path: `${path}.deleted`, rowCount: file.deleted.rowCount };
  return {
    path,
    uri,
    partition,
    prepared,
    isConverted,
    isTyped,
    deleted,
    ...(hydrate ? { isSparse: true } : {}),
  };
}

async function preparedOf(
  file: ScanFile,
  scan: Scan,
  store: PreparedStore,
): Promise<PreparedText | undefined> {
  if (scan.format === "parquet" || file.isConverted) return undefined;
  return file.inPlace ? { ...file.inPlace, path: file.path } : store.find(file, scan);
}

/** A symbolic link, since a second name would make the source look like one with hard links. */
async function linkTo(target: string, path: string): Promise<void> {
  try {
    await symlink(target, path);
  } catch (thrown) {
    // Windows lets only some users make symbolic links.
    if ((thrown as NodeJS.ErrnoException).code !== "EPERM") throw thrown;
    await link(target, path);
  }
}
