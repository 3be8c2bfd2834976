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

export const profileName = "full profile";

export const footerTier = "profile, footer tier";
export const sampledTier = "profile, sampled tier";

/** The cheaper tiers of the profile: what footers say, and a sample. Nobody else has them. */
export const profileTiers: readonly Question[] = [tier(footerTier, "footer"), tier(sampledTier, "sample")];

function tier(name: string, mode: string): Question {
  return {
    name,
    datasets: ["parquet"],
    tool: "lake_profile_dataset",
    arguments: (uri) => ({ uri, mode }),
    rowsOf: () => [],
    sql: "",
    touched: { columns: [] },
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
  rowsOf: readProfile,
  sql: profileSql(),
  ignored: /^(deviation|distinct)_/,
  touched: { columns: "all" },
};

interface ProfiledColumn {
  name: string;
  nulls: number;
  min?: unknown;
  max?: unknown;
  mean?: unknown;
}

function readProfile({ columns }: Record<string, unknown>): unknown[][] {
  const found = new Map((columns as ProfiledColumn[]).map((column) => [column.name, column]));
  return [
    [...numbers, ...others].flatMap((name) => {
      const { nulls, min, max, mean } = found.get(name) ?? { nulls: undefined };
      return numbers.includes(name) ? [nulls, min, max, mean] : [nulls, min, max];
    }),
  ];
}

function profileSql(): string {
  const parts = [...numbers, ...others].flatMap((name) => [
    `count(*) - count(${name}) AS nulls_${name}`,
    `min(${name}) AS min_${name}`,
    `max(${name}) AS max_${name}`,
    ...(numbers.includes(name)
      ? [`avg(${name}) AS mean_${name}`, `stddev_samp(${name}) AS deviation_${name}`]
      : []),
    `approx_count_distinct(${name}) AS distinct_${name}`,
  ]);
  return `SELECT ${parts.join(", ")} FROM {table}`;
}
