import { rejectedRows, tableNotes } from "../datasets/rejected-rows.ts";
import { resolveDataset } from "../datasets/resolve-dataset.ts";
import { type LakeParts, type OpenTable, scansOf, withTables } from "../datasets/with-tables.ts";
import type { DatasetProfile, ProfileRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { RowPage } from "../sql/engine.ts";
import { chooseColumns } from "./choose-columns.ts";
import {
  applyDistribution,
  distributionSql,
  groupingsOf,
  maxCountedDistinct,
  passesOf,
} from "./distribution.ts";
import {
  type ColumnStatistics,
  exactRows,
  readStatistics,
  statisticsPasses,
  statisticsSql,
} from "./statistics.ts";

/** Rows a sample aims at. Datasets with fewer are always looked at whole. */
const sampleRows = 200_000;
/** `auto` looks at the whole of datasets up to this size on disk. */
const autoWholeBytes = 64 * 1024 * 1024;
/** The statements' answers are small: one row, or a few per column. */
const maxAnswerBytes = 16 * 1024 * 1024;
const maxAnswerRows = 100_000;

type Ask = (sql: string) => Promise<RowPage>;

/** Statistics of each column in a fixed number of passes over the rows, in memory that does not grow with them. */
export async function profileDataset(
  parts: LakeParts,
  request: ProfileRequest,
  scope: LakeScope,
): Promise<DatasetProfile> {
  const { columns, mode, topValues, histogramBins, firstColumn, maxColumns, ...named } = request;
  const dataset = await resolveDataset(parts.stores, named, scope);
  return withTables(parts, [{ name: "dataset", dataset }], scope, async (tables) => {
    const ask: Ask = (sql) => askEngine(parts, tables, sql, scope);
    const rowCount = tables[0]?.analysis?.rowCount ?? (await countRows(ask));
    const chosen = chooseColumns((await ask("SELECT * FROM dataset LIMIT 0")).columns, columns);
    const isSample =
      mode !== "whole" && rowCount > sampleRows && (mode === "sample" || dataset.sizeBytes > autoWholeBytes);
    const page = chosen.slice(firstColumn, firstColumn + maxColumns);
    const profiled = await profileColumns(ask, page, {
      rowCount,
      isSample,
      topValues,
      histogramBins,
      memoryBytes: parts.settings.query.memoryBytes,
    });
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

interface Plan {
  rowCount: number;
  isSample: boolean;
  topValues: number;
  histogramBins: number;
  /** Of the engine, for one statement. */
  memoryBytes: number;
}

async function profileColumns(ask: Ask, columns: RowPage["columns"], plan: Plan) {
  const { rowCount, isSample, memoryBytes } = plan;
  const percent = Math.max(0.001, Number(((100 * sampleRows) / Math.max(1, rowCount)).toPrecision(3)));
  const source = isSample
    ? `(FROM dataset USING SAMPLE ${percent} PERCENT (system, 42)) AS sampled`
    : "dataset";
  const isExact = !isSample && rowCount <= exactRows;
  const statistics: ColumnStatistics[] = [];
  let profiledRows = 0;
  for (const part of statisticsPasses(columns, memoryBytes, isExact)) {
    const found = readStatistics(await ask(statisticsSql(part, source, isExact)), part, isExact);
    profiledRows = found.rowCount;
    statistics.push(...found.statistics);
  }
  for (const groupings of passesOf(groupingsOf(statistics, plan), memoryBytes)) {
    applyDistribution(await ask(distributionSql(groupings, source, plan)), groupings, plan, !isSample);
  }
  return {
    profiledRows,
    columns: statistics.map(({ profile }) => profile),
    notes: [...exactnessNotes(plan, profiledRows, isExact), ...leftOutNotes(statistics, plan)],
  };
}

function exactnessNotes({ isSample, rowCount }: Plan, profiledRows: number, isExact: boolean): string[] {
  if (isSample) {
    return [
      `A sample: ${profiledRows} of ${rowCount} rows. All figures but rowCount are the sample's. For every row: mode "whole".`,
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

async function countRows(ask: Ask): Promise<number> {
  return Number((await ask("SELECT count(*) FROM dataset")).rows[0]?.[0]);
}

function askEngine(
  { engine }: LakeParts,
  tables: readonly OpenTable[],
  sql: string,
  scope: LakeScope,
): Promise<RowPage> {
  return engine.run(
    {
      sql,
      tables: scansOf(tables),
      maxRows: maxAnswerRows,
      maxBytes: maxAnswerBytes,
      keepRest: false,
      owner: scope.principalId,
    },
    scope,
  );
}
