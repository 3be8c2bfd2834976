import { z } from "zod";
import { notesOut } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import { scopeOf } from "./call-scope.ts";
import { columnOut } from "./rows-shape.ts";
import { namedSources, statementInput } from "./statement-shape.ts";

/**
 * Writes one SELECT's whole result to an object and gives a link to it. Throws invalid_input, denied outside
 * lake.exports.buckets, conflict where another object has the name, too_large past lake.exports.maxBytes, timeout,
 * changed. Source: DuckDB COPY; S3 PutObject and multipart uploads with If-None-Match.
 */
export const exportQuery = defineTool({
  name: "lake_export_query",
  title: "Export a query",
  description:
    "Writes the whole result of one SELECT to S3 and gives a link that expires. Asked again of unchanged data, gives the same object. For rows to read here: lake_query.",
  effect: "write",
  idempotent: true,
  task: "optional",
  iam: ["s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:AbortMultipartUpload"],
  input: z.strictObject({
    ...statementInput,
    format: z.enum(["parquet", "csv"]).default("parquet"),
    folder: z.string().max(4_096).optional().describe("s3://bucket/prefix/"),
    name: z.string().max(200).optional(),
    expiresSeconds: z.int().min(1).max(604_800).optional(),
    escapeFormulas: z.boolean().default(true).describe("CSV: ' before text that spreadsheets run"),
    idempotencyKey: z.string().min(1).max(200).optional(),
  }),
  output: z.object({
    uri: z.string(),
    url: z.string(),
    expiresAt: z.string(),
    rows: z.int(),
    sizeBytes: z.int(),
    format: z.string(),
    columns: z.array(columnOut),
    rejectedRows: z.int().optional(),
    ...notesOut,
  }),
  untrusted: ["columns"],
  examples: [
    {
      title: "Paid orders as CSV",
      input: { sql: "SELECT * FROM 's3://demo-lake/orders/' WHERE status = 'paid'", format: "csv" },
    },
  ],
  async handle(
    { sql, sources, format, folder, name, expiresSeconds, escapeFormulas, idempotencyKey },
    context,
  ) {
    const exported = await context.lake.exportQuery(
      {
        sql,
        sources: namedSources(sources),
        format,
        escapeFormulas,
        ...(folder === undefined ? {} : { folder }),
        ...(name === undefined ? {} : { name }),
        ...(expiresSeconds === undefined ? {} : { expiresMs: expiresSeconds * 1000 }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      },
      scopeOf(context),
    );
    const { rejectedCount, notes, expiresAt, ...facts } = exported;
    return {
      ...facts,
      format,
      expiresAt: expiresAt.toISOString(),
      ...(rejectedCount > 0 ? { rejectedRows: rejectedCount } : {}),
      ...(notes.length > 0 ? { notes } : {}),
    };
  },
});
