import { z } from "zod";
import { defineTool } from "../../core/tool.ts";
import { engineChoices } from "../../lake/engines/engine.ts";
import { checkLimit, scopeOf } from "./call-scope.ts";
import { sourceInput } from "./dataset-shape.ts";
import { oldQueryCsv } from "./old-query.ts";
import { rowPageInput, rowsOut, rowsResult, untrustedRows } from "./rows-shape.ts";

/** As many as one statement may read from. */
const maxSources = 64;

const executionOut = z.object({
  id: z.string(),
  durationMs: z.int().optional(),
  bytesScanned: z.int().optional(),
  costUsd: z.number().optional(),
});

/**
 * The first or a further page of one SELECT's result. Throws invalid_input for what is no single SELECT,
 * not_found, denied, too_large with the estimate, timeout, changed. Source: DuckDB over S3
 * and local files, SQL warehouses of Databricks.
 */
export const query = defineTool({
  name: "lake_query",
  title: "Query with SQL",
  description:
    "Runs one read-only SELECT (DuckDB SQL: joins, CTEs, windows) over files named in FROM in quotes: FROM 's3://bucket/orders/' o JOIN '/data/customers.csv' c USING (id). FROM 'databricks://catalog.schema.table' takes Databricks SQL. Or give short names in sources. Aggregate in SQL rather than reading all rows. Go on with cursor and the same arguments. Only to look at rows: lake_read_rows.",
  effect: "read",
  iam: ["s3:GetObject", "s3:ListBucket"],
  input: z.strictObject({
    sql: z.string().min(1).max(100_000),
    sources: z
      .record(z.string().min(1).max(1_024), sourceInput)
      .refine((sources) => Object.keys(sources).length <= maxSources, {
        error: `may name ${maxSources} tables at most`,
      })
      .default({})
      .describe("Table name → uri, or {uri, format, …}"),
    engine: z
      .enum(engineChoices)
      .default("auto")
      .describe("Where it runs; lake_list_sources names those here"),
    ...rowPageInput,
  }),
  output: z.object({
    ...rowsOut,
    totalRows: z.int().optional(),
    engine: z.string(),
    execution: executionOut.optional().describe("Of a remote engine"),
  }),
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
  async handle({ sql, sources, engine, limit, cursor }, context) {
    const named = Object.entries(sources).map(([name, source]) => [
      name,
      typeof source === "string" ? { uri: source } : source,
    ]);
    const page = await context.lake.query(
      {
        sql,
        sources: Object.fromEntries(named),
        engine,
        maxRows: checkLimit(limit, context),
        maxBytes: context.bounds.maxBytes,
        ...(cursor === undefined ? {} : { cursor }),
      },
      scopeOf(context),
    );
    return {
      ...rowsResult(page),
      ...(page.totalRows === undefined ? {} : { totalRows: page.totalRows }),
      engine: page.engine,
      ...(page.execution === undefined ? {} : { execution: page.execution }),
    };
  },
});
