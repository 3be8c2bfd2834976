import { ToolError } from "../../core/errors.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import { rejectedRows, tableNotes } from "../datasets/rejected-rows.ts";
import { type LakeParts, type OpenTable, scansOf, withTables } from "../datasets/with-tables.ts";
import type { Footers } from "../describe/footers.ts";
import type { DatasetProfile, ProfileRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { Column } from "../sql/engine.ts";
import type { TableFormat } from "../tables/table-snapshot.ts";
import { type Ask, askOf, type Source, tableName } from "./ask.ts";
import { profileByFooters } from "./by-footers.ts";
import { chooseColumns } from "./choose-columns.ts";
import { profileColumns } from "./profile-columns.ts";
import { type SampleSource, sampleOf, sampleRows } from "./sample.ts";

/** `auto` looks at the whole of datasets up to this size on disk. */
const autoWholeBytes = 64 * 1024 * 1024;
/** Above so many rows, quantiles, top values and histograms are a sample's even where every row is looked at. */
const wholeDistributionRows = 1_000_000;

/** Statistics of each column in a fixed number of passes over the rows, in memory that does not grow with them. */
export async function profileDataset(
  parts: LakeParts,
  request: ProfileRequest,
  scope: LakeScope,
): Promise<DatasetProfile> {
  const { columns, mode, topValues, histogramBins, firstColumn, maxColumns, ...named } = request;
  const dataset = await parts.resolver.resolve(named, scope);
  const page = { names: columns, first: firstColumn, count: maxColumns };
  if (mode === "footer" && dataset.table) throw noFooters(dataset.uri, dataset.table.format);
  if (mode === "footer") return profileByFooters(parts.footers, dataset, page, scope);
  return withTables(parts, [{ name: tableName, dataset }], scope, async (tables) => {
    const [table] = tables;
    if (!table) throw new TypeError("One table was asked for.");
    const whole: Source = {
      ask: askOf(parts, scansOf(tables), scope),
      from: tableName,
      look: table.scan.format === "parquet" ? "cheap" : "parses",
    };
    const rowCount = table.analysis?.rowCount ?? (await countRows(parts.footers, table, whole.ask, scope));
    const isLarge = rowCount > sampleRows;
    const isSample = mode !== "whole" && isLarge && (mode === "sample" || dataset.sizeBytes > autoWholeBytes);
    const isDistributionSample = isSample || rowCount > wholeDistributionRows;
    const { memoryBytes } = parts.settings.query;
    const wish = { rowCount, isSample, topValues, histogramBins, memoryBytes };
    const sampleWish = { rowCount, page };
    // A text's sample costs more than a name that is misspelt; a Parquet file's views are then there for what is asked next.
    const named = whole.look === "parses" ? await columnsOf(whole, columns) : undefined;
    const sample = isDistributionSample ? await sampleOf(parts, table, sampleWish, scope) : undefined;
    try {
      const chosen = named ?? (await columnsOf(sample ?? whole, columns));
      const shown = chosen.slice(page.first, page.first + page.count);
      const sources = { whole, sample: sample && (await arrived(sample)) };
      const profiled = await profileColumns(sources, shown, wish);
      return {
        rowCount,
        ...profiled,
        mode: isSample ? ("sample" as const) : ("whole" as const),
        columnCount: chosen.length,
        rejectedCount: rejectedRows(tables).rejectedCount,
        notes: [...profiled.notes, ...tableNotes(tables)],
      };
    } finally {
      sample?.ahead?.stop();
    }
  });
}

/** No row is read for it, and so nothing need be planned. */
async function columnsOf({ ask, from }: Source, names: readonly string[]): Promise<Column[]> {
  const { columns } = await ask(`SELECT * FROM ${from} LIMIT 0`, true);
  return chooseColumns(columns, names);
}

async function arrived(sample: SampleSource): Promise<SampleSource> {
  return (await sample.ahead?.arrived()) ? { ...sample, ask: (sql) => sample.ask(sql, true) } : sample;
}

/** Its files' footers count rows that were deleted, and may call columns otherwise. */
function noFooters(uri: string, format: TableFormat): ToolError {
  return new ToolError(
    "invalid_input",
    `${quoteName(uri)} is ${format === "Iceberg" ? "an" : "a"} ${format} table, and mode "footer" is for files alone. Leave mode out.`,
  );
}

async function countRows(
  footers: Footers,
  { scan, dataset }: OpenTable,
  ask: Ask,
  scope: LakeScope,
): Promise<number> {
  if (scan.format !== "parquet" || dataset.table) {
    return Number((await ask(`SELECT count(*) FROM ${tableName}`)).rows[0]?.[0]);
  }
  const read = await mapBounded(dataset.files, 64, ({ object }) => footers.read(object, scope));
  return read.reduce((sum, { rowCount }) => sum + rowCount, 0);
}
