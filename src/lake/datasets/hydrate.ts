import { ToolError } from "../../core/errors.ts";
import type { PinnedFile } from "../cache/cache.ts";
import type { FormatHints } from "../formats/format.ts";
import { isFetchedWhole } from "../formats/parquet-tail.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { ScanFile } from "../sql/engine.ts";
import { wholeRecord } from "../sql/whole-record.ts";
import type { StoredObject } from "../stores/store.ts";
import { agreeOnCsv } from "./agree-on-csv.ts";
import { analyzeOnce } from "./analyze-once.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { familyOf } from "./family.ts";
import { hydrating } from "./hydrating.ts";
import type { CallHolds, FetchedFile, HydratedTable, HydrationDeps } from "./hydration.ts";
import { jsonColumns } from "./json-columns.ts";
import { largeTextTable } from "./large-text-table.ts";
import { mapBounded } from "./map-bounded.ts";
import { namingFile } from "./name-file.ts";
import { claimsParquet, parquetFormat, wideDecimalsOf } from "./open-parquet.ts";
import { renameClashing } from "./partition-clash.ts";
import { prepareFile, type TextForm } from "./prepare-file.ts";

/** Files opened at once, of which little is fetched or which are small. */
const parallelParquet = 64;
/** Files fetched or prepared at once, each of which is read whole. */
const parallelText = 16;

/**
 * Brings a table's files to local disk as plain UTF-8 or Parquet and pins them. Throws `changed`, `too_large`,
 * and `invalid_input` where the files are not of one form.
 */
export async function hydrateTable(
  deps: HydrationDeps,
  dataset: Dataset,
  holds: CallHolds,
  scope: LakeScope,
): Promise<HydratedTable> {
  const large = await largeTextTable(deps, dataset, holds, scope);
  if (large) return large;
  let done = 0;
  const isParquet = dataset.files.every(({ object }) => claimsParquet(object, dataset.hints));
  const fetched = await mapBounded(
    dataset.files,
    isParquet ? parallelParquet : parallelText,
    async (file) => {
      const one = await namingFile(file.object.uri, () => fetchFile(deps, file, dataset.hints, holds, scope));
      scope.progress({ done: ++done, total: dataset.files.length, message: "fetching files" });
      return one;
    },
  );
  return tableOf(deps, { dataset, fetched, ...holds, scope });
}

/** Makes a table of files that are on local disk. Throws as `hydrateTable` does, but for what fetching throws. */
export async function tableOf(deps: HydrationDeps, table: FetchedTable): Promise<HydratedTable> {
  const { dataset, fetched } = table;
  const family = familyOf(
    dataset.uri,
    fetched.map(({ file, detected }) => ({ uri: file.object.uri, detected })),
  );
  if (family === "parquet") return parquetTable(table);
  if (family === "csv") return csvTable(deps, table);
  return family === "ndjson" ? jsonTable(deps, table) : textTable(deps, table);
}

async function fetchFile(
  { cache, sniffer, parquet: parquetFiles }: HydrationDeps,
  file: DataFile,
  hints: FormatHints,
  { pins, budget }: CallHolds,
  scope: LakeScope,
): Promise<FetchedFile> {
  scope.signal.throwIfAborted();
  const parquet = claimsParquet(file.object, hints) ? await parquetFiles.open(file.object, scope) : undefined;
  if (parquet) {
    pins.addVerified(parquet);
    // A small one came whole with its footer.
    if (isFetchedWhole(file.object.sizeBytes)) budget.spend(file.object.sizeBytes);
    return { file, raw: parquet, parquet, detected: parquetFormat };
  }
  budget.spend(file.object.sizeBytes);
  const raw = once(await cache.object(file.object, scope));
  pins.addVerified(raw);
  return { file, raw, detected: await sniffer.sniff(file.object, hints, scope, raw.path) };
}

/** A file that may be given back early, and then again with all the others. */
function once(file: PinnedFile): PinnedFile {
  let released = false;
  const { close: _waits, ...rest } = file;
  return {
    ...rest,
    async verify() {
      if (!released) await file.verify?.();
    },
    release() {
      if (!released) file.release();
      released = true;
    },
  };
}

/** A dataset whose files are on local disk as they are stored. */
export interface FetchedTable extends CallHolds {
  dataset: Dataset;
  fetched: FetchedFile[];
  scope: LakeScope;
}

async function parquetTable({ dataset, fetched, budget, scope }: FetchedTable): Promise<HydratedTable> {
  const files = await mapBounded(fetched, parallelParquet, async ({ file, raw, parquet }) => ({
    ...scanFile(file, raw.path),
    version: versionOf(file.object, "stored", scope),
    wideDecimals: parquet?.wideDecimals ?? (await wideDecimalsOf(raw.path, file.object.sizeBytes)),
    ...(parquet ? hydrating(parquet, budget, scope) : {}),
  }));
  const [first, ...others] = fetched.map(({ parquet }) => parquet?.schemaId);
  const areAlike = first !== undefined && others.every((schemaId) => schemaId === first);
  return {
    scan: { format: "parquet", files, partitionColumns: dataset.partitionColumns, areAlike },
    ...about(fetched, []),
  };
}

async function csvTable(deps: HydrationDeps, table: FetchedTable): Promise<HydratedTable> {
  const { dataset, fetched, scope } = table;
  const { dialect, columnNames } = await agreeOnCsv(deps.sniffer, dataset, fetched, scope);
  if (columnNames.length === 0) {
    throw new ToolError(
      "invalid_input",
      `${quoteName(dataset.uri)} is empty: it has no columns and no rows.`,
    );
  }
  const { files, notes } = await prepareAll(deps, table, { kind: "csv", dialect });
  const { partitionColumns } = dataset;
  const varchars = columnNames.map((name) => ({ name, type: "VARCHAR" }));
  const { columns, notes: clashNotes } = renameClashing(varchars, partitionColumns);
  const scan = { format: "csv" as const, files, partitionColumns, dialect, columns };
  const analysis = await analyzeOnce(deps, dataset, scan, scope);
  return {
    scan: { ...scan, columns: analysis.columns },
    analysis,
    ...about(fetched, [...clashNotes, ...notes]),
  };
}

async function jsonTable(deps: HydrationDeps, table: FetchedTable): Promise<HydratedTable> {
  const { dataset, fetched, scope } = table;
  const { files, notes, rejectedCount, rejects } = await prepareAll(deps, table, { kind: "json" });
  const { partitionColumns } = dataset;
  const scan = { format: "ndjson" as const, files, partitionColumns, columns: [] };
  const found = await analyzeOnce(deps, dataset, scan, scope);
  const { columns, members, notes: nameNotes } = jsonColumns(found.columns, partitionColumns);
  const analysis = {
    ...found,
    columns: columns.length + partitionColumns.length === 0 ? [wholeRecord] : columns,
    rejectedCount: found.rejectedCount + rejectedCount,
    rejects: [...rejects, ...found.rejects],
  };
  return { scan: { ...scan, columns, ...members }, analysis, ...about(fetched, [...nameNotes, ...notes]) };
}

async function textTable(deps: HydrationDeps, table: FetchedTable): Promise<HydratedTable> {
  const { files, notes } = await prepareAll(deps, table, { kind: "text" });
  const { partitionColumns } = table.dataset;
  return { scan: { format: "text", files, partitionColumns }, ...about(table.fetched, notes) };
}

/** Prepares every file. What is noted of one is noted with its name, where there are several. */
async function prepareAll(deps: HydrationDeps, { fetched, pins, scope }: FetchedTable, form: TextForm) {
  const prepared = await mapBounded(fetched, parallelText, async (one) => ({
    file: one.file,
    uri: one.file.object.uri,
    ...(await namingFile(one.file.object.uri, () => prepareFile(deps, one, form, pins, scope))),
  }));
  const isMany = prepared.length > 1;
  return {
    files: prepared.map(({ file, path, kind }) => ({
      ...scanFile(file, path),
      version: versionOf(file.object, kind, scope),
    })),
    notes: prepared.flatMap(({ uri, notes }) => notes.map((note) => (isMany ? `${uri}: ${note}` : note))),
    rejectedCount: prepared.reduce((sum, { rejectedCount }) => sum + rejectedCount, 0),
    rejects: prepared.flatMap(({ uri, rejects }) => rejects.map((reject) => ({ uri, ...reject }))),
  };
}

function scanFile({ object, partition }: DataFile, path: string): ScanFile {
  return { path, uri: object.uri, partition, isCached: object.location.kind !== "local" };
}

function versionOf({ uri, etag, sizeBytes }: StoredObject, kind: string, { tenantId }: LakeScope): string {
  return JSON.stringify([tenantId, uri, etag, sizeBytes, kind]);
}

/** The first file stands for all of them: they are of one form. */
function about([first]: readonly FetchedFile[], notes: readonly string[]) {
  if (!first) throw new TypeError("A dataset has at least one file.");
  return { detected: first.detected, notes: [...first.detected.notes, ...notes] };
}
