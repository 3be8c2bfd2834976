import { ToolError } from "../../core/errors.ts";
import type { ColumnProfile } from "../lake.ts";
import type { Column } from "../sql/engine.ts";
import type { Source } from "./ask.ts";
import { kindOf } from "./column-kind.ts";
import { type ColumnPlan, planBySample, planExact, planSketched, statisticsPasses } from "./column-plan.ts";
import {
  applyDistribution,
  distributionSql,
  groupingsOf,
  maxCountedDistinct,
  passesOf,
} from "./distribution.ts";
import type { SampleSource } from "./sample.ts";
import { type SampledColumn, sampleColumns } from "./sampled-columns.ts";
import {
  type ColumnStatistics,
  isTame,
  readStatistics,
  type StatisticsWish,
  statisticsSql,
} from "./statistics.ts";

/** Up to so many rows, distinct values and quantiles are exact. */
const exactRows = 100_000;

/** What is asked about the columns. */
export interface ProfileWish {
  rowCount: number;
  isSample: boolean;
  topValues: number;
  histogramBins: number;
  /** Of the engine, for one statement. */
  memoryBytes: number;
}

export interface Sources {
  whole: Source;
  /** Where some figures are to be a sample's. */
  sample: SampleSource | undefined;
}

/** The columns' profiles, and what is to be said of them. */
export interface ProfiledColumns {
  profiledRows: number;
  columns: ColumnProfile[];
  notes: string[];
}

/** Statistics first, for they tell which values and bins are worth counting. */
export async function profileColumns(
  sources: Sources,
  columns: readonly Column[],
  wish: ProfileWish,
): Promise<ProfiledColumns> {
  const { sample, whole } = sources;
  const { profiledRows, statistics, notes } = await statisticsOf(sources, columns, wish);
  const source = sample ?? whole;
  for (const groupings of passesOf(groupingsOf(statistics, wish), source.look, wish.memoryBytes)) {
    const counted = await source.ask(distributionSql(groupings, source, wish), true);
    applyDistribution(counted, groupings, wish, !sample);
  }
  return {
    profiledRows,
    columns: statistics.map(({ profile }) => profile),
    notes: [...notes, ...leftOutNotes(statistics, wish)],
  };
}

type Found = ReturnType<typeof readStatistics>;

interface Statistics {
  profiledRows: number;
  statistics: ColumnStatistics[];
  notes: string[];
}

async function statisticsOf(
  { whole, sample }: Sources,
  columns: readonly Column[],
  wish: ProfileWish,
): Promise<Statistics> {
  const { rowCount, isSample } = wish;
  if (isSample) {
    const found = await askAll(sample ?? whole, planSketched(columns, "exact"), wish);
    const ofWhat = sample ? ` (${sample.ofWhat})` : "";
    const note = `A sample: ${found.profiledRows} of ${rowCount} rows${ofWhat}. All figures but rowCount are the sample's. For every row: mode "whole".`;
    return { ...found, notes: [note] };
  }
  if (sample) {
    const found = await wholeBySample(whole, sample, columns, wish);
    const note = `Every row was looked at, but for quantiles, top values and histograms, which are of ${sample.ofWhat}.`;
    return { ...found, notes: [note] };
  }
  if (rowCount <= exactRows) return { ...(await askAll(whole, planExact(columns), wish)), notes: [] };
  const found = await askAll(whole, planSketched(columns, "estimated"), wish);
  return { ...found, notes: ["Every row was looked at; quantiles are estimated."] };
}

/** Every row is looked at, once it is known from a sample how each column is best counted. */
async function wholeBySample(
  whole: Source,
  sample: Source,
  columns: readonly Column[],
  wish: ProfileWish,
): Promise<Omit<Statistics, "notes">> {
  const sampled: SampledColumn[] = [];
  for (const part of statisticsPasses(planSketched(columns, "exact"), wish.memoryBytes)) {
    const own = part.map(({ column }) => column);
    sampled.push(...(await sampleColumns(sample, own)));
  }
  const plans = planBySample(columns, wish.rowCount, (at) => sampled[at]);
  const found = await askAll(whole, plans, wish);
  found.statistics.forEach(({ profile, nonNulls }, at) => {
    const quantiles = sampled[at]?.quantiles;
    if (quantiles && nonNulls > 0) profile.quantiles = quantiles;
  });
  return found;
}

async function askAll(
  source: Source,
  plans: readonly ColumnPlan[],
  { memoryBytes, histogramBins }: ProfileWish,
): Promise<Omit<Statistics, "notes">> {
  const statistics: ColumnStatistics[] = [];
  let profiledRows = 0;
  for (const part of statisticsPasses(plans, memoryBytes)) {
    const found = await askPart(source, part, histogramBins > 0);
    profiledRows = found.rowCount;
    statistics.push(...found.statistics);
  }
  return { profiledRows, statistics };
}

/** Hardly any table has doubles that fail means and deviations. What has is asked again. */
async function askPart(source: Source, part: readonly ColumnPlan[], hasRange: boolean): Promise<Found> {
  try {
    const found = await askFrugally(source, part, { hasRange, hasWild: false });
    if (isTame(found.statistics)) return found;
  } catch (thrown) {
    const isOutOfRange = thrown instanceof ToolError && thrown.code === "invalid_input";
    // Of other columns nothing would be asked otherwise.
    const hasFloats = part.some(({ column }) => kindOf(column.type) === "float");
    if (!isOutOfRange || !hasFloats) throw thrown;
  }
  return askFrugally(source, part, { hasRange, hasWild: true });
}

/**
 * What turns out to be too much for the engine, as where a table is not like its sample, is asked with less memory: first
 * without lists, which are never spilled, then with sketches of the columns of which each value is kept, at last of all.
 */
async function askFrugally(
  source: Source,
  part: readonly ColumnPlan[],
  wish: StatisticsWish,
): Promise<Found> {
  try {
    return readStatistics(await source.ask(statisticsSql(part, source.from, wish)), part);
  } catch (thrown) {
    const isTooLarge = thrown instanceof ToolError && thrown.code === "too_large";
    const frugal = isTooLarge ? frugalPlans(part) : undefined;
    if (!frugal) throw thrown;
    return askFrugally(source, frugal, wish);
  }
}

/** The same with less memory, in the one way that is next; undefined where nothing can be spared. */
function frugalPlans(part: readonly ColumnPlan[]): ColumnPlan[] | undefined {
  if (part.some(({ isListable }) => isListable)) return part.map((plan) => ({ ...plan, isListable: false }));
  const suspect = (["each", "hashed"] as const).find((way) => part.some(({ distinct }) => distinct === way));
  if (!suspect) return undefined;
  return part.map((plan) => (plan.distinct === suspect ? { ...plan, distinct: "sketched" } : plan));
}

function leftOutNotes(statistics: readonly ColumnStatistics[], { topValues }: ProfileWish): string[] {
  const names = statistics
    .filter((one) => topValues > 0 && one.nonNulls > 0 && one.profile.distinct && !one.profile.top)
    .map(({ profile }) => profile.name);
  if (names.length === 0) return [];
  const shown = `${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}`;
  return [`No top values of ${shown}: values hardly repeat, or are more than ${maxCountedDistinct}.`];
}
