import type { Column } from "../sql/engine.ts";
import { inPasses } from "./in-passes.ts";

/**
 * How the distinct values of a column are counted: each of them, those of a part of all hashes, or by a sketch (HyperLogLog).
 * Of few values each costs next to nothing, and of many a sketch costs more than all other statistics together.
 */
export type DistinctWay = "each" | "hashed" | "sketched";

/** How the quantiles of a column are found. */
export type QuantileWay = "exact" | "estimated" | "none";

/** A column, and by what its statistics are made. */
export interface ColumnPlan {
  column: Column;
  distinct: DistinctWay;
  quantiles: QuantileWay;
  /** Its values are so few that they fit into a list. */
  isListable?: boolean;
  /** About, while the statement runs. */
  memoryBytes: number;
}

/** What a sample tells of how many values a column has. */
export interface SampledDistinct {
  /** Rows of the sample. */
  rowCount: number;
  /** Distinct values in it, about. */
  distinct: number;
}

/** One of so many hashes is counted: some 8 % off for 10,000 values, 0.5 % for millions; a sketch some 10 %. */
export const hashShare = 64;
/** Of fewer values too few hashes are counted. */
const leastHashed = 10_000;

/** Hashes, and values, that are kept of a column: some tens of MB. */
const mostKept = 1_000_000;
const mostListed = 1_000;

/** Of small tables: every value of the column is held, twice. */
const exactBytes = 24 << 20;
/** Of a sketch, of an empty hash table, or of a sample's values. */
const leastBytes = 4 << 20;
const bytesPerKept = 64;

/** Of tables of which all values can be held. */
export function planExact(columns: readonly Column[]): ColumnPlan[] {
  return columns.map((column) => ({
    column,
    distinct: "each",
    quantiles: "exact",
    memoryBytes: exactBytes,
  }));
}

/** Of any number of rows, in memory that does not grow with them; of a sample's, if quantiles are to be exact. */
export function planSketched(columns: readonly Column[], quantiles: QuantileWay): ColumnPlan[] {
  const memoryBytes = quantiles === "exact" ? 2 * leastBytes : leastBytes;
  return columns.map((column) => ({ column, distinct: "sketched", quantiles, memoryBytes }));
}

/**
 * Of a table of which a sample was looked at, which also gave the quantiles. A column whose values come again and
 * again in the sample has few of them in the whole; if not after all, a statement is out of memory or temporary space.
 */
export function planBySample(
  columns: readonly Column[],
  rowCount: number,
  sampledOf: (at: number) => SampledDistinct | undefined,
): ColumnPlan[] {
  return planSketched(columns, "none").map((plan, at) => {
    const sampled = sampledOf(at);
    if (!sampled || sampled.rowCount === 0) return plan;
    const repeats = sampled.rowCount / Math.max(1, sampled.distinct);
    // As many as if the rest of the table had values of its own.
    const mostDistinct = rowCount / repeats;
    if (repeats >= 4 && mostDistinct <= mostKept) {
      return {
        ...plan,
        distinct: "each",
        isListable: mostDistinct <= mostListed,
        memoryBytes: leastBytes + mostDistinct * bytesPerKept,
      };
    }
    const hashes = rowCount / hashShare;
    if (sampled.distinct < leastHashed || hashes > mostKept) return plan;
    return { ...plan, distinct: "hashed", memoryBytes: leastBytes + hashes * bytesPerKept };
  });
}

/** The plans in parts that each fit into `memoryBytes`; one part, of none, for no column. */
export function statisticsPasses(plans: readonly ColumnPlan[], memoryBytes: number): ColumnPlan[][] {
  return plans.length === 0 ? [[]] : inPasses(plans, memoryBytes);
}
