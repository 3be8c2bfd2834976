import { ToolError } from "../../core/errors.ts";
import type { SparseFile } from "../cache/cache.ts";
import { isWithoutRoom } from "../cache/no-room.ts";
import type { LakeScope } from "../scope.ts";
import type { InspectedText } from "../sql/engine.ts";
import type { CsvForm } from "./agree-on-csv.ts";
import type { Dataset } from "./dataset.ts";
import { cacheShare } from "./fetch-ahead.ts";
import type { HydratedTable, HydrationDeps } from "./hydration.ts";
import { inspectFile, type OpenText, wholeOf } from "./inspect-file.ts";
import { joinedType } from "./joined-type.ts";
import { mapBounded } from "./map-bounded.ts";
import { namingFile } from "./name-file.ts";
import { renameClashing } from "./partition-clash.ts";
import type { Pins } from "./pins.ts";
import type { SniffedFile } from "./sniffed-file.ts";

/** Opened or fetched at once. */
const parallelFiles = 16;
/** The automaton of more columns is too large to be quick. In a file of one, a blank line is a record. */
const columnCounts = { least: 2, most: 500 };

/** A dataset of CSV files as they are stored; or what was fetched of them until one was seen to be no such file. */
export type PlainTable =
  | { table: HydratedTable & { scan: { format: "csv" } }; files: readonly PlainFile[] }
  | { held: ReadonlyMap<string, SparseFile>; isWithoutRoom?: true };

/**
 * CSV files that the engine reads as they lie in the cache, or on local disk, once each was looked at as a whole: every
 * line a good record, the types known of every value. Throws as `hydrateTable` does.
 */
export async function plainTable(
  deps: HydrationDeps,
  dataset: Dataset,
  sniffed: readonly SniffedFile[],
  form: CsvForm,
  pins: Pins,
  scope: LakeScope,
): Promise<PlainTable> {
  const held = new Map<string, SparseFile>();
  if (!mayBePlain(sniffed, form, deps.settings.cache.maxBytes)) return { held };
  const open = async ({ file }: SniffedFile) => {
    const raw = await deps.cache.sparse(file.object, scope);
    pins.addVerified(raw);
    // A local file may be written over while it is read: what is made of it is read through its store.
    if (file.object.location.kind !== "local") held.set(file.object.uri, raw);
    return { file, raw };
  };
  try {
    const files = await inspectAll(deps, await mapBounded(sniffed, parallelFiles, open), form, scope);
    const table = files && tableOf(dataset, sniffed, form, files);
    if (!table) return { held };
    await mapBounded(files, parallelFiles, ({ raw }) => raw.ensure(wholeOf(raw), scope));
    return { table, files };
  } catch (thrown) {
    if (!isWithoutRoom(thrown)) throw thrown;
    for (const { release } of held.values()) release();
    return { held: new Map(), isWithoutRoom: true };
  }
}

/** Undefined as soon as one is no such file. The first tells whether it is worth it to fetch the others beforehand. */
async function inspectAll(
  deps: HydrationDeps,
  [first, ...others]: readonly OpenText[],
  form: CsvForm,
  scope: LakeScope,
): Promise<PlainFile[] | undefined> {
  const inspect = async (one: OpenText, by: LakeScope) => {
    const { uri } = one.file.object;
    const inspected = await namingFile(uri, () => inspectFile(deps, one, form, by));
    return inspected && { ...one, inspected };
  };
  const over = new AbortController();
  const signal = AbortSignal.any([scope.signal, over.signal]);
  /** What was given up as another file is no such one is no fault. */
  const unlessOver = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (thrown) {
      if (over.signal.aborted && !scope.signal.aborted) return undefined;
      throw thrown;
    }
  };
  const head = first && (await inspect(first, scope));
  if (!head) return undefined;
  // What is known of a file that is not there is likely known of the others too.
  const isKnown = head.raw.missing(wholeOf(head.raw)).length > 0;
  const arriving = mapBounded(isKnown ? [] : others, parallelFiles, ({ raw }) =>
    raw.ensure(wholeOf(raw), { ...scope, signal }),
  ).catch(() => {
    // Whoever looks at the file is told.
  });
  try {
    const rest = await mapBounded(others, Math.max(1, deps.settings.query.workers - 1), async (one) => {
      const found = over.signal.aborted
        ? undefined
        : await unlessOver(() => inspect(one, { ...scope, signal }));
      if (!found) over.abort(new ToolError("timeout", "Nobody waits for these files any more."));
      return found;
    });
    return rest.every((one) => one !== undefined) ? [head, ...rest] : undefined;
  } finally {
    over.abort(new ToolError("timeout", "Nobody waits for these files any more."));
    await arriving;
  }
}

function mayBePlain(
  sniffed: readonly SniffedFile[],
  { dialect, columnNames: { length } }: CsvForm,
  cacheBytes: number,
): boolean {
  const stored = sniffed.filter(({ file }) => file.object.location.kind !== "local");
  const storedBytes = stored.reduce((sum, { file }) => sum + file.object.sizeBytes, 0);
  return (
    storedBytes <= cacheBytes / cacheShare &&
    sniffed.every(({ detected }) => detected.compression === "none" && detected.encoding === "utf-8") &&
    dialect.skipLines === 0 &&
    length >= columnCounts.least &&
    length <= columnCounts.most
  );
}

/** What was found of it is true of all of it. */
export interface PlainFile extends OpenText {
  inspected: InspectedText;
}

function tableOf(
  { partitionColumns }: Dataset,
  [first]: readonly SniffedFile[],
  { dialect, columnNames }: CsvForm,
  files: readonly PlainFile[],
): (HydratedTable & { scan: { format: "csv" } }) | undefined {
  const named = columnNames.map((name, at) => ({
    name,
    type: joinedType(files.map(({ inspected }) => inspected.types[at])),
  }));
  // How many digits there are was not counted beyond what each file's own type has to tell.
  const isDoubtful = files.length > 1 && named.some(({ type }) => type.startsWith("DECIMAL"));
  if (!first || isDoubtful) return undefined;
  const { columns, notes } = renameClashing(named, partitionColumns);
  const scanFiles = files.map(({ file: { object, partition }, raw: { path }, inspected }) => ({
    path,
    uri: object.uri,
    partition,
    inPlace: inspected.prepared,
  }));
  const rowCount = files.reduce((sum, { inspected }) => sum + inspected.rowCount, 0);
  return {
    scan: { format: "csv", files: scanFiles, partitionColumns, dialect, columns },
    analysis: { columns, rowCount, rejectedCount: 0, rejects: [] },
    detected: first.detected,
    notes: [...first.detected.notes, ...notes],
  };
}
