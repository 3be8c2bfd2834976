import type { DetectedFormat } from "../formats/format.ts";
import { hasReadableStart } from "../formats/text-start.ts";
import type { ReadRowsRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import type { Dataset } from "./dataset.ts";
import { claimsParquet } from "./open-parquet.ts";
import { createPins } from "./pins.ts";
import { ownerOf, type PlacedRows, type RowsPlace } from "./read-ahead.ts";
import { rejectedRows, tableNotes } from "./rejected-rows.ts";
import { inCallersWords } from "./rows-faults.ts";
import { rowsSql, tableName } from "./rows-sql.ts";
import { createScanBudget } from "./scan-budget.ts";
import { type DatasetStart, startTable } from "./start-table.ts";
import { type LakeParts, type OpenTable, scansOf } from "./with-tables.ts";

/** Files up to these sizes are read whole, which finds every type. */
const readWholeBytes = { plain: 8 * 1024 * 1024, compressed: 2 * 1024 * 1024 };
/** First bytes that are tried, one after the other, until they hold the page. */
export const startSizes = [256 * 1024, 1024 * 1024, 4 * 1024 * 1024];

/**
 * A page of a large text file out of its first bytes alone; `undefined` where they do not hold it. Rows and their
 * order are those of the whole; types, columns of JSON and rejects are by what was read, which is said.
 */
export async function startPage(
  parts: LakeParts,
  dataset: Dataset,
  place: RowsPlace,
  request: ReadRowsRequest,
  scope: LakeScope,
): Promise<PlacedRows | undefined> {
  const isWalk = place.offset > 0;
  if (request.filter !== undefined || (isWalk && place.startBytes === undefined)) return undefined;
  const detected = await largeText(parts, dataset, scope);
  if (!detected) return undefined;
  const sizes = startSizes.filter((size) => size >= (place.startBytes ?? 0));
  for (const size of sizes) {
    const isLast = size === sizes.at(-1);
    const page = await pageWithin(parts, { dataset, detected, size }, place, request, scope);
    if (page && (page.isFull || (isLast && page.rows.rows.length > 0))) return page.rows;
  }
  return undefined;
}

/** Whether rows and rejects are of another reading of the file than those of the page before. */
export function isNewReading(place: RowsPlace, startBytes: number | undefined): boolean {
  return place.offset === 0 || place.startBytes !== startBytes;
}

/** What must be said where a walk goes on with more of the file than its earlier pages were read out of. */
export function newReadingNotes({ offset, startBytes }: RowsPlace, nowBytes: number | undefined): string[] {
  if (offset === 0 || startBytes === undefined || startBytes === nowBytes) return [];
  return [
    `The pages before this one had their types by the first ${startBytes} bytes. More was read for this one: ` +
      "a column may have another type here, its values be written otherwise, and JSON have more columns. Rows go on where they ended.",
  ];
}

/** The form of a dataset's first file, where that is a text so large that its start is worth reading alone. */
export async function largeText(
  { sniffer }: LakeParts,
  { files, hints }: Dataset,
  scope: LakeScope,
): Promise<DetectedFormat | undefined> {
  const object = files[0]?.object;
  if (!object || claimsParquet(object, hints) || object.sizeBytes <= readWholeBytes.compressed)
    return undefined;
  const detected = await sniffer.sniff(object, hints, scope);
  const enough = detected.compression === "none" ? readWholeBytes.plain : readWholeBytes.compressed;
  return hasReadableStart(detected) && object.sizeBytes > enough ? detected : undefined;
}

/** A page of the start's rows; `isFull` where more of them follow it. */
async function pageWithin(
  parts: LakeParts,
  { dataset, detected, size }: DatasetStart,
  place: RowsPlace,
  { columns, maxRows, maxBytes }: ReadRowsRequest,
  scope: LakeScope,
): Promise<{ rows: PlacedRows; isFull: boolean } | undefined> {
  const pins = createPins();
  const holds = { pins, budget: createScanBudget(parts.settings.query.maxScanBytes) };
  try {
    const table = await startTable(parts, { dataset, detected, size }, holds, scope);
    if (!table || hasUnseenColumn(table, columns)) return undefined;
    const tables = [{ ...table, name: tableName, otherNames: [] }];
    const run = (sql: string) =>
      parts.engine.run(
        { sql, tables: scansOf(tables), maxRows, maxBytes, keepRest: false, owner: ownerOf(scope) },
        scope,
      );
    const { totalRows: _ofStart, ...page } = await inCallersWords(
      { columns, filter: undefined },
      async () => (await run(`SELECT * FROM ${tableName} LIMIT 0`)).columns,
      () => run(rowsSql(columns, undefined, maxRows, place.offset)),
    );
    const isNew = isNewReading(place, size);
    const rows = {
      ...page,
      next: { version: place.version, offset: place.offset + page.rows.length, startBytes: size },
      ...(isNew ? rejectedRows(tables) : { rejectedCount: 0, rejects: [] }),
      notes: [...newReadingNotes(place, size), ...tableNotes(tables), ...page.notes],
    };
    return { rows, isFull: page.more };
  } finally {
    await pins.releaseAll();
  }
}

/** A member of JSON that no record of the start has may come later. */
function hasUnseenColumn(
  { scan, dataset }: Omit<OpenTable, "name" | "otherNames">,
  columns: readonly string[],
) {
  if (scan.format !== "ndjson") return false;
  const seen = new Set([...scan.columns, ...dataset.partitionColumns].map(({ name }) => foldName(name)));
  return columns.some((name) => !seen.has(foldName(name)));
}
