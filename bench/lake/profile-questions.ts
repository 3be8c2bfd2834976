import { z } from "zod";
import type { Question } from "./question.ts";

const numbers = [
  "l_orderkey",
  "l_partkey",
  "l_suppkey",
  "l_linenumber",
  "l_quantity",
  "l_extendedprice",
  "l_discount",
  "l_tax",
];
const others = [
  "l_returnflag",
  "l_linestatus",
  "l_shipdate",
  "l_commitdate",
  "l_receiptdate",
  "l_shipinstruct",
  "l_shipmode",
  "l_comment",
];

/** Columns of the data in the order of the file; of the first ones the mean is asked too. */
export const profiledColumns = { numbers, others };
/** Those that Parquet has as decimals, and CSV as doubles. */
export const decimals = ["l_quantity", "l_extendedprice", "l_discount", "l_tax"];

export const profileName = "full profile";

export const footerTier = "profile, footer tier";
export const sampledTier = "profile, sampled tier";
export const exactTier = "profile, exact tier";

/**
 * The tiers of the profile as the tool has them, top values and histograms too, which nobody else has: what footers say,
 * compared with what rows say; a sample; every row.
 */
export const profileTiers: readonly Question[] = [
  {
    ...tier(footerTier, "footer"),
    rowsOf: ({ columns }) => readProfile(columns, []),
    sql: profileSql([], false),
    touched: { columns: [] },
  },
  tier(sampledTier, "sample"),
  tier(exactTier, "whole"),
];

function tier(name: string, mode: string): Question {
  return {
    name,
    datasets: ["parquet"],
    tool: "lake_profile_dataset",
    arguments: (uri) => ({ uri, mode }),
    rowsOf: () => [],
    sql: "",
    mode,
  };
}

/**
 * Every row looked at: of each column the nulls, least, greatest, mean, deviation and distinct values, in one pass of
 * DuckDB. What is compared is what both sides have exactly: nulls, least, greatest and mean.
 */
export const fullProfile: Question = {
  name: profileName,
  datasets: ["parquet", "csv"],
  tool: "lake_profile_dataset",
  arguments: (uri) => ({ uri, mode: "whole", topValues: 0, histogramBins: 0 }),
  rowsOf: ({ columns }) => readProfile(columns, numbers),
  sql: profileSql(numbers, true),
  ignored: /^(deviation|distinct)_/,
  touched: { columns: "all" },
};

const profileShape = z.array(
  z.looseObject({
    name: z.string(),
    nulls: z.int().optional(),
    min: z.unknown().optional(),
    max: z.unknown().optional(),
    mean: z.unknown().optional(),
  }),
);

/** The tool's columns as the one row of `profileSql`, without what is not compared. */
function readProfile(columns: unknown, withMean: readonly string[]): unknown[][] {
  const found = new Map(profileShape.parse(columns).map((column) => [column.name, column]));
  return [
    [...numbers, ...others].flatMap((name) => {
      const column = found.get(name);
      return [column?.nulls, column?.min, column?.max, ...(withMean.includes(name) ? [column?.mean] : [])];
    }),
  ];
}

function profileSql(withMean: readonly string[], withDistinct: boolean): string {
  const parts = [...numbers, ...others].flatMap((name) => [
    `count(*) - count(${name}) AS nulls_${name}`,
    `min(${name}) AS min_${name}`,
    `max(${name}) AS max_${name}`,
    ...(withMean.includes(name)
      ? [`avg(${name}) AS mean_${name}`, `stddev_samp(${name}) AS deviation_${name}`]
      : []),
    ...(withDistinct ? [`approx_count_distinct(${name}) AS distinct_${name}`] : []),
  ]);
  return `SELECT ${parts.join(", ")} FROM {table}`;
}
