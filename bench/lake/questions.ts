/** A question both sides answer; `{table}` stands for the file. */
export interface Question {
  name: string;
  tool: "lake_read_rows" | "lake_query";
  /** Arguments of the tool, for a file's URI. */
  arguments(uri: string): Record<string, unknown>;
  /** The same question to DuckDB itself. */
  sql: string;
}

const aggregate =
  "SELECT flag, status, count(*) AS n, sum(quantity) AS q, sum(price::DECIMAL(12,2)) AS p FROM {table} GROUP BY ALL ORDER BY ALL";
const filter = "shipped_on = DATE '2021-06-01' AND mode = 'RAIL'";

export const questions: readonly Question[] = [
  {
    name: "read_rows, first 100",
    tool: "lake_read_rows",
    arguments: (uri) => ({ uri, limit: 100 }),
    sql: "SELECT * FROM {table} LIMIT 100",
  },
  {
    name: "read_rows, a filter",
    tool: "lake_read_rows",
    arguments: (uri) => ({ uri, filter, columns: ["line_id", "price"], limit: 100 }),
    sql: `SELECT line_id, price FROM {table} WHERE ${filter} LIMIT 100`,
  },
  {
    name: "query, count",
    tool: "lake_query",
    arguments: (uri) => ({ sql: `SELECT count(*) AS n FROM '${uri}'` }),
    sql: "SELECT count(*) AS n FROM {table}",
  },
  {
    name: "query, group by two",
    tool: "lake_query",
    arguments: (uri) => ({ sql: aggregate.replace("{table}", `'${uri}'`) }),
    sql: aggregate,
  },
];
