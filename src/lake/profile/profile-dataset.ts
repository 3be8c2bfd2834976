import { ToolError } from "../../core/errors.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import { rejectedRows, tableNotes } from "../datasets/rejected-rows.ts";
import { resolveDataset } from "../datasets/resolve-dataset.ts";
import { type LakeParts, type OpenTable, scansOf, withTables } from "../datasets/with-tables.ts";
import type { Footers } from "../describe/footers.ts";
import type { DatasetProfile, ProfileRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { RowPage } from "../sql/engine.ts";
import { type Ask, askOf, type Source, tableName } from "./ask.ts";
import { profileByFooters } from "./by-footers.ts";
import { chooseColumns } from "./choose-columns.ts";
import {
  applyDistribution,
  distributionSql,
  groupingsOf,
  maxCountedDistinct,
  passesOf,
} from "./distribution.ts";
import { type SampleSource, sampleOf, sampleRows } from "./sample.ts";
import {
  addQuantiles,
  type ColumnStatistics,
  exactRows,
  readStatistics,
  statisticsPasses,
  statisticsSql,
} from "./statistics.ts";

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
  const dataset = await resolveDataset(parts, named, scope);
  const page = { names: columns, first: firstColumn, count: maxColumns };
  if (mode === "footer" && dataset.delta) throw noFooters(dataset.uri);
  if (mode === "footer") return profileByFooters(parts.footers, dataset, page, scope);
  return withTables(parts, [{ name: tableName, dataset, reading: "often" }], scope, async (tables) => {
    const [table] = tables;
    if (!table) throw new TypeError("One table was asked for.");
    const whole = askOf(parts, scansOf(tables), scope);
    const rowCount = table.analysis?.rowCount ?? (await countRows(parts.footers, table, whole, scope));
    const chosen = chooseColumns((await whole(`SELECT * FROM ${tableName} LIMIT 0`)).columns, columns);
    const isLarge = rowCount > sampleRows;
    const isSample = mode !== "whole" && isLarge && (mode === "sample" || dataset.sizeBytes > autoWholeBytes);
    const isDistributionSample = isSample || rowCount > wholeDistributionRows;
    const sample = isDistributionSample ? await sampleOf(parts, table, rowCount, scope) : undefined;
    const plan = {
      rowCount,
      isSample,
      topValues,
      histogramBins,
      memoryBytes: parts.settings.query.memoryBytes,
    };
    const sources = { whole: { ask: whole, from: tableName }, sample };
    const profiled = await profileColumns(sources, chosen.slice(page.first, page.first + page.count), plan);
    return {
      rowCount,
      ...profiled,
      mode: isSample ? ("sample" as const) : ("whole" as const),
      columnCount: chosen.length,
      rejectedCount: rejectedRows(tables).rejectedCount,
      notes: [...profiled.notes, ...tableNotes(tables)],
    };
  });
}

/** Its files' footers count rows that were deleted, and may call columns otherwise. */
function noFooters(uri: string): ToolError {
  return new ToolError(
    "invalid_input",
    `${quoteName(uri)} is a Delta table, and mode "footer" is for files alone. Leave mode out.`,
  );
}

interface Plan {
  rowCount: number;
  isSample: boolean;
  topValues: number;
  histogramBins: number;
  /** Of the engine, for one statement. */
  memoryBytes: number;
}

interface Sources {
  whole: Source;
  /** Where some figures are to be a sample's. */
  sample: SampleSource | undefined;
}

async function profileColumns({ whole, sample }: Sources, columns: RowPage["columns"], plan: Plan) {
  const { rowCount, isSample, memoryBytes } = plan;
  const source = (isSample && sample) || whole;
  const isExact = !isSample && rowCount <= exactRows;
  const statistics: ColumnStatistics[] = [];
  let profiledRows = 0;
  for (const part of statisticsPasses(columns, memoryBytes, isExact)) {
    const wanted = { isExact, hasQuantiles: source === sample || !sample };
    const found = readStatistics(await source.ask(statisticsSql(part, source.from, wanted)), part, isExact);
    profiledRows = found.rowCount;
    if (!wanted.hasQuantiles && sample) await addQuantiles(sample, part, found.statistics);
    statistics.push(...found.statistics);
  }
  const { ask, from } = sample ?? whole;
  for (const groupings of passesOf(groupingsOf(statistics, plan), memoryBytes)) {
    applyDistribution(await ask(distributionSql(groupings, from, plan)), groupings, plan, !sample);
  }
  return {
    profiledRows,
    columns: statistics.map(({ profile }) => profile),
    notes: [...exactnessNotes(plan, sample, profiledRows, isExact), ...leftOutNotes(statistics, plan)],
  };
}

function exactnessNotes(
  { isSample, rowCount }: Plan,
  sample: SampleSource | undefined,
  profiledRows: number,
  isExact: boolean,
): string[] {
  if (isSample) {
    return [
      `A sample: ${profiledRows} of ${rowCount} rows${sample ? ` (${sample.ofWhat})` : ""}. All figures but rowCount are the sample's. For every row: mode "whole".`,
    ];
  }
  if (sample) {
    return [
      `Every row was looked at, but for quantiles, top values and histograms, which are of ${sample.ofWhat}.`,
    ];
  }
  return isExact ? [] : ["Every row was looked at; quantiles are estimated."];
}

function leftOutNotes(statistics: readonly ColumnStatistics[], { topValues }: Plan): string[] {
  const names = statistics
    .filter((one) => topValues > 0 && one.nonNulls > 0 && one.profile.distinct && !one.profile.top)
    .map(({ profile }) => profile.name);
  if (names.length === 0) return [];
  const shown = `${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}`;
  return [`No top values of ${shown}: values hardly repeat, or are more than ${maxCountedDistinct}.`];
}

async function countRows(
  footers: Footers,
  { scan, dataset }: OpenTable,
  ask: Ask,
  scope: LakeScope,
): Promise<number> {
  if (scan.format !== "parquet" || dataset.delta) {
    return Number((await ask(`SELECT count(*) FROM ${tableName}`)).rows[0]?.[0]);
  }
  const read = await mapBounded(dataset.files, 64, ({ object }) => footers.read(object, scope));
  return read.reduce((sum, { rowCount }) => sum + rowCount, 0);
}
