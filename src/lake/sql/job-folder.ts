import { randomUUID } from "node:crypto";
import { link, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mapBounded } from "../datasets/map-bounded.ts";
import { keptOutside } from "../tables/table-field.ts";
import type { DeletedRows, Scan, ScanFile } from "./engine.ts";
import { columnsInPaths, partitionKey, valueKey } from "./partition-key.ts";
import type { PreparedStore } from "./prepared-store.ts";
import type { JobFile, JobScan, PartitionValues } from "./protocol.ts";
import type { PreparedText } from "./scan/prepared.ts";

/** Made at once. */
const parallelLinks = 64;

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

/** Where a table's links lie in the folder of a call. */
export function tableFolder({ path }: Pick<JobFolder, "path">, table: number): string {
  return join(path, `table-${table}`);
}

/**
 * Links a scan's files into the folder: `_sluice_partition=03/17.csv`. Links hide server paths from the engine's
 * messages and carry the partition in their path, by which the engine prunes. Numbers are as long as the longest, so
 * that names are in their order.
 */
export async function linkScan(
  folder: string,
  scan: Scan,
  store: PreparedStore,
  { linkTo = linkSymbolically, hasValues = false }: LinkWays = {},
): Promise<JobScan> {
  const { partitions, ofFile } = partitionsOf(scan);
  const shown = hasValues ? columnsInPaths(scan, partitions) : [];
  const folderOf = (partition: number) =>
    join(
      folder,
      `${partitionKey}=${numberIn(partition, partitions.length)}`,
      ...shown.map((column) => `${valueKey(column)}=${partitions[partition]?.[column]}`),
    );
  await mapBounded(partitions, parallelLinks, (_, index) => mkdir(folderOf(index), { recursive: true }));
  const deletes = await linkDeletes(join(folder, "deletes"), scan);
  const files = await mapBounded(scan.files, parallelLinks, (file, index) => {
    const partition = ofFile[index] ?? 0;
    const path = join(folderOf(partition), `${numberIn(index, scan.files.length)}.${scan.format}`);
    return linkFile({ path, partition, scan, store, deletes, linkTo }, file);
  });
  return {
    format: scan.format,
    files,
    partitionColumns: scan.partitionColumns,
    partitions,
    columns: "columns" in scan ? scan.columns : [],
    members: scan.format === "ndjson" ? scan.members : undefined,
    dialect: scan.format === "csv" ? scan.dialect : undefined,
    ranges: scan.format === "parquet" ? scan.ranges : undefined,
    areAlike: scan.format === "parquet" ? scan.areAlike : undefined,
    tableFields: scan.format === "parquet" ? scan.tableFields : undefined,
    filesWithoutIds: scan.format === "parquet" ? scan.filesWithoutIds : undefined,
    columnsInPaths: shown,
  };
}

function numberIn(index: number, count: number): string {
  return String(index).padStart(String(count - 1).length, "0");
}

/** The distinct partitions of a scan, and the number of each file's. */
function partitionsOf(scan: Scan): { partitions: PartitionValues[]; ofFile: number[] } {
  const { files, partitionColumns } = scan;
  const columns = [...partitionColumns, ...keptOutside("tableFields" in scan ? scan.tableFields : [])];
  const numbers = new Map<string, number>();
  const partitions: PartitionValues[] = [];
  const ofFile = files.map((file, index) => {
    const values = columns.map(({ name }) => file.partition[name] ?? null);
    // Rows that do not count are told by the number of their file's partition and theirs.
    const key = JSON.stringify(file.deleted ? [values, index] : values);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, partitions.length);
    return partitions.push(values) - 1;
  });
  return { partitions, ofFile };
}

export type LinkTo = (target: string, path: string) => Promise<void>;

export interface LinkWays {
  linkTo?: LinkTo;
  /** Plain values of partition columns are to stand in the paths too, each in a folder of its own. */
  hasValues?: boolean;
}

interface LinkOptions {
  path: string;
  partition: number;
  scan: Scan;
  store: PreparedStore;
  /** Where files are linked that name deleted rows. */
  deletes: ReadonlyMap<string, string>;
  linkTo: LinkTo;
}

async function linkFile(
  { path, partition, scan, store, deletes, linkTo }: LinkOptions,
  file: ScanFile,
): Promise<JobFile> {
  const known = await preparedOf(file, scan, store);
  await linkTo(known?.isCopy ? known.path : file.path, path);
  const { uri, isConverted, wideDecimals, hydrate } = file;
  const prepared = known && { ...known, path };
  const deleted = file.deleted && (await linkDeleted(path, file.deleted, deletes));
  return {
    path,
    uri,
    partition,
    prepared,
    isConverted,
    wideDecimals,
    deleted,
    ...(hydrate ? { isSparse: true } : {}),
  };
}

async function linkDeleted(
  path: string,
  deleted: DeletedRows,
  deletes: ReadonlyMap<string, string>,
): Promise<NonNullable<JobFile["deleted"]>> {
  if ("bitmap" in deleted) {
    await writeFile(`${path}.deleted`, deleted.bitmap, { mode: 0o600 });
    return { path: `${path}.deleted`, rowCount: deleted.rowCount };
  }
  return { filePath: deleted.filePath, paths: deleted.paths.flatMap((path) => deletes.get(path) ?? []) };
}

/** Links each file once that names deleted rows, however many files it names rows of. */
async function linkDeletes(folder: string, { files }: Scan): Promise<Map<string, string>> {
  const paths = new Set(files.flatMap(({ deleted }) => (deleted && "paths" in deleted ? deleted.paths : [])));
  const links = new Map([...paths].map((path, index) => [path, join(folder, `${index}.parquet`)]));
  if (links.size > 0) await mkdir(folder, { recursive: true });
  await mapBounded([...links], parallelLinks, ([path, link]) => linkSymbolically(path, link));
  return links;
}

async function preparedOf(
  file: ScanFile,
  scan: Scan,
  store: PreparedStore,
): Promise<PreparedText | undefined> {
  if (scan.format === "parquet" || file.isConverted) return undefined;
  return file.inPlace ? { ...file.inPlace, path: file.path } : store.find(file, scan);
}

/** Since a second name would make the source look like one with hard links. */
async function linkSymbolically(target: string, path: string): Promise<void> {
  try {
    await symlink(target, path);
  } catch (thrown) {
    // Windows lets only some users make symbolic links.
    if ((thrown as NodeJS.ErrnoException).code !== "EPERM") throw thrown;
    await link(target, path);
  }
}
