import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { type CallContext, defineTool } from "../../core/tool.ts";
import { engineChoices } from "../../lake/engines/engine.ts";
import type { LakeQueryRequest } from "../../lake/lake.ts";
import { checkLimit, scopeOf } from "./call-scope.ts";
import { oldQueryCsv } from "./old-query.ts";
import { rowPageInput, rowsOut, rowsResult, untrustedRows } from "./rows-shape.ts";
import { namedSources, statementInput } from "./statement-shape.ts";

const executionOut = z.looseObject({ id: z.string() });
const estimateOut = z.looseObject({ reason: z.string() });

/**
 * The first or a further page of one SELECT's result. Throws invalid_input for what is no single SELECT,
 * not_found, denied, too_large with the estimate, timeout, changed. Source: DuckDB over S3
 * and local files, Delta and Iceberg tables, tables of Databricks, its SQL warehouses.
 */
export const query = defineTool({
  name: "lake_query",
  title: "Query with SQL",
  description:
    "Runs one read-only SELECT (DuckDB SQL) over files, Delta or Iceberg tables in FROM in quotes: FROM 's3://bucket/orders/' o JOIN '/data/customers.csv' c USING (id). FROM 'databricks://catalog.schema.table' takes Databricks SQL; engine: athena takes Trino SQL over database.table. Aggregate in SQL rather than reading all rows. Go on with cursor. Only to look at rows: lake_read_rows.",
  effect: "read",
  resources: "lake",
  task: "optional",
  iam: [
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "glue:GetDatabase",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
  ],
  input: z.strictObject({
    ...statementInput,
    engine: z
      .enum(engineChoices)
      .default("auto")
      .describe("Where it runs; lake_list_sources names those here"),
    estimate: z.boolean().default(false).describe("Only say what it would read and cost, and where"),
    ...rowPageInput,
  }),
  output: z.object({
    ...rowsOut,
    estimate: estimateOut
      .optional()
      .describe("files, bytesToFetch (cached or not), Athena bytesBilled, costUsd, exactness"),
    totalRows: z.int().optional(),
    engine: z.string().describe("Where it ran or would run, or none"),
    execution: executionOut.optional().describe("Of a remote engine: bytesScanned, costUsd, region, account"),
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
  stopOutside: (work, { lake, principal, signal }) =>
    lake.stop(work, { tenantId: principal.tenantId, principalId: principal.id, signal, progress() {} }),
  async handle({ sql, sources, engine, estimate, limit, cursor }, context) {
    const request = {
      sql,
      sources: namedSources(sources),
      engine,
      maxRows: checkLimit(limit, context),
      maxBytes: context.bounds.maxBytes,
      ...(cursor === undefined ? {} : { cursor }),
    };
    if (estimate) return estimateResult(request, context);
    const page = await context.lake.query(request, scopeOf(context));
    return {
      ...rowsResult(page),
      ...(page.totalRows === undefined ? {} : { totalRows: page.totalRows }),
      engine: page.engine,
      ...(page.execution === undefined ? {} : { execution: { ...page.execution } }),
    };
  },
});

/** An estimate in the form of a result without rows. */
async function estimateResult(request: LakeQueryRequest, context: CallContext) {
  if (request.cursor !== undefined) {
    throw new ToolError(
      "invalid_input",
      "A cursor goes on with rows, and estimate gives none. Leave one of them out.",
    );
  }
  const { engine = "none", notes, ...estimate } = await context.lake.estimate(request, scopeOf(context));
  return {
    columns: [],
    rows: [],
    truncated: false,
    estimate: { ...estimate },
    engine,
    ...(notes.length > 0 ? { notes } : {}),
  };
}
