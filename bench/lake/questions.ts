import { decimals, fullProfile, profiledColumns, profileTiers } from "./profile-questions.ts";
import type { Question } from "./question.ts";

/** Questions with literals of a data set of `rows` rows. */
export function questionsOf(rows: number): Question[] {
  // A key that is there, a fifth of the way into the file.
  const key = Math.floor((rows * 0.2057) / 4) * 4;
  return [...wholeFile(key), fullProfile, ...profileTiers, ...folders];
}

const files = ["parquet", "csv"] as const;
const januaryOf1994 = "l_shipdate BETWEEN DATE '1994-01-01' AND DATE '1994-01-31'";
/** All columns as Polars can give them. */
const polarsColumns = [...profiledColumns.numbers, ...profiledColumns.others]
  .map((name) => (decimals.includes(name) ? `CAST(${name} AS DOUBLE) AS ${name}` : name))
  .join(", ");
const topPrices = "FROM {table} ORDER BY l_extendedprice DESC, l_orderkey, l_linenumber LIMIT 10";

function wholeFile(key: number): Question[] {
  return [
    {
      name: "count",
      datasets: ["parquet", "csv", "files", "delta"],
      ...query("SELECT count(*) AS n FROM {table}"),
      touched: { columns: [] },
    },
    {
      name: "schema",
      datasets: ["parquet"],
      tool: "lake_get_metadata",
      arguments: (uri) => ({ uri }),
      rowsOf: ({ columns }) =>
        (columns as { name: string; type: string }[]).map(({ name, type }) => [name, type]),
      sql: "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {table})",
      touched: { columns: [] },
    },
    {
      name: "preview of 20 rows",
      datasets: files,
      tool: "lake_read_rows",
      arguments: (uri) => ({ uri, limit: 20 }),
      sql: "SELECT * FROM {table} LIMIT 20",
      polarsSql: `SELECT ${polarsColumns} FROM t LIMIT 20`,
      touched: { columns: "all", rowGroups: { kind: "first" } },
    },
    {
      name: "aggregate of 2 of 16 columns",
      datasets: files,
      ...query(
        "SELECT sum(l_extendedprice * l_discount) AS r FROM {table}",
        "SELECT SUM(CAST(l_extendedprice AS DOUBLE) * CAST(l_discount AS DOUBLE)) AS r FROM t",
      ),
      touched: { columns: ["l_extendedprice", "l_discount"] },
    },
    ...narrowing(key),
    ...ordering,
  ];
}

function narrowing(key: number): Question[] {
  return [
    {
      name: "pruned filter",
      datasets: ["parquet"],
      ...query(
        `SELECT count(*) AS n, sum(l_extendedprice) AS s FROM {table} WHERE ${januaryOf1994}`,
        `SELECT COUNT(*) AS n, SUM(CAST(l_extendedprice AS DOUBLE)) AS s FROM t WHERE ${januaryOf1994}`,
      ),
      touched: {
        columns: ["l_shipdate", "l_extendedprice"],
        rowGroups: { kind: "between", column: "l_shipdate", low: "1994-01-01", high: "1994-01-31" },
      },
    },
    {
      name: "point look-up",
      datasets: ["parquet"],
      ...query(...everyColumn(`FROM {table} WHERE l_orderkey = ${key} AND l_linenumber = 2`)),
      touched: {
        columns: "all",
        rowGroups: { kind: "between", column: "l_orderkey", low: key, high: key },
      },
    },
  ];
}

const ordering: readonly Question[] = [
  {
    name: "top-10 group by",
    datasets: ["parquet"],
    ...query(
      "SELECT l_partkey, sum(l_quantity) AS q FROM {table} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
      "SELECT l_partkey, SUM(CAST(l_quantity AS DOUBLE)) AS q FROM t GROUP BY l_partkey ORDER BY q DESC, l_partkey LIMIT 10",
    ),
    touched: { columns: ["l_partkey", "l_quantity"] },
  },
  {
    name: "top-n sort",
    datasets: ["parquet"],
    ...query(...everyColumn(topPrices)),
    touched: {
      columns: ["l_extendedprice", "l_orderkey", "l_linenumber"],
      rowGroups: { kind: "answers", sql: `SELECT file_row_number ${topPrices}` },
    },
  },
];

const shipped = "l_shipmode IN ('AIR', 'RAIL')";

const folders: readonly Question[] = [
  {
    name: "filter on one partition",
    datasets: ["files"],
    ...query(
      "SELECT count(*) AS n, sum(l_quantity) AS q FROM {table} WHERE block = 42",
      "SELECT COUNT(*) AS n, SUM(CAST(l_quantity AS DOUBLE)) AS q FROM t WHERE block = 42",
    ),
    touched: { columns: ["l_quantity"], partition: "block=42" },
  },
  {
    name: "group by partition",
    datasets: ["files"],
    ...query(
      "SELECT block::INTEGER AS b, count(*) AS n, sum(l_quantity) AS q FROM {table} GROUP BY 1 ORDER BY 1",
      "SELECT block AS b, COUNT(*) AS n, SUM(CAST(l_quantity AS DOUBLE)) AS q FROM t GROUP BY block ORDER BY block",
    ),
    touched: { columns: ["l_quantity"] },
  },
  {
    name: "filter",
    datasets: ["delta"],
    ...query(
      `SELECT l_shipmode, count(*) AS n, sum(l_extendedprice) AS s FROM {table} WHERE ${januaryOf1994} AND ${shipped} GROUP BY 1 ORDER BY 1`,
    ),
    touched: {
      columns: ["l_shipdate", "l_extendedprice"],
      rowGroups: { kind: "between", column: "l_shipdate", low: "1994-01-01", high: "1994-01-31" },
    },
  },
];

/** All columns of what `from` says, to lake_query and to Polars. */
function everyColumn(from: string): [sql: string, polarsSql: string] {
  return [
    `SELECT * ${from}`,
    `SELECT ${polarsColumns} FROM (SELECT * ${from.replace("{table}", "t")}) AS rows`,
  ];
}

/** A statement to lake_query. Polars gets the same one unless it needs another. */
function query(sql: string, polarsSql = sql.replace("{table}", "t")) {
  return {
    tool: "lake_query",
    arguments: (uri: string) => ({ sql: sql.replace("{table}", `'${uri}'`) }),
    sql,
    polarsSql,
  };
}
