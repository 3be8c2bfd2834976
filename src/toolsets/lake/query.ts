import { z } from "zod";
import { defineTool } from "../../core/tool.ts";
import { checkLimit, scopeOf } from "./call-scope.ts";
import { oldQueryCsv } from "./old-query.ts";
import { rowPageInput, rowsOut, rowsResult, untrustedRows } from "./rows-shape.ts";
import { namedSources, statementInput } from "./statement-shape.ts";

/**
 * The first or a further page of one SELECT's result. Throws invalid_input for what is no single SELECT,
 * not_found, denied, too_large with the estimate, timeout, changed. Source: DuckDB over S3 and local files.
 */
export const query = defineTool({
  name: "lake_query",
  title: "Query with SQL",
  description:
    "Runs one read-only SELECT (DuckDB SQL: joins, CTEs, windows) over files named in FROM in quotes: FROM 's3://bucket/orders/' o JOIN '/data/customers.csv' c USING (id). Or give short names in sources. Aggregate in SQL rather than reading all rows. Go on with cursor and the same arguments. Only to look at rows: lake_read_rows.",
  effect: "read",
  task: "optional",
  iam: ["s3:GetObject", "s3:ListBucket"],
  input: z.strictObject({
    ...statementInput,
    ...rowPageInput,
  }),
  output: z.object({ ...rowsOut, totalRows: z.int().optional() }),
  untrusted: untrustedRows,
  examples: [
    {
      title: "Count by a column",
      input: { sql: "SELECT status, count(*) AS n FROM 's3://demo-lake/orders/' GROUP BY 1 ORDER BY 2 DESC" },
    },
    {
      title: "A named source",
      input: { sql: "SELECT count(*) FROM orders", sources: { orders: "s3://demo-lake/orders/" } },
    },
  ],
  aliases: [oldQueryCsv],
  async handle({ sql, sources, limit, cursor }, context) {
    const page = await context.lake.query(
      {
        sql,
        sources: namedSources(sources),
        maxRows: checkLimit(limit, context),
        maxBytes: context.bounds.maxBytes,
        ...(cursor === undefined ? {} : { cursor }),
      },
      scopeOf(context),
    );
    return {
      ...rowsResult(page),
      ...(page.totalRows === undefined ? {} : { totalRows: page.totalRows }),
    };
  },
});
