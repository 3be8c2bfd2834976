import { z } from "zod";
import { notesOut } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import type { ExportQueryRequest } from "../../lake/lake.ts";
import { scopeOf } from "./call-scope.ts";
import { columnOut } from "./rows-shape.ts";
import { namedSources, statementInput } from "./statement-shape.ts";

const input = z.strictObject({
  ...statementInput,
  format: z.enum(["parquet", "csv"]).default("parquet"),
  folder: z.string().max(4_096).optional().describe("s3://bucket/prefix/"),
  name: z.string().max(200).optional(),
  expiresSeconds: z.int().min(1).max(604_800).optional(),
  escapeFormulas: z.boolean().default(true).describe("CSV: ' before text that spreadsheets run"),
  idempotencyKey: z.string().min(1).max(200).optional(),
});

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
  resources: "lake",
  idempotent: true,
  task: "optional",
  iam: ["s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:AbortMultipartUpload"],
  input,
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
  async plan(given, context) {
    const planned = await context.lake.planExport(requestOf(given), scopeOf(context));
    const { uri, encryption, region, there, stateSeen, repeatableAs } = planned;
    const change = there
      ? `stays as it is: the same export, of ${there.sizeBytes} bytes, from ${there.lastModified.toISOString()}`
      : `a new object: ${given.format}, encryption ${encryption}`;
    return {
      summary: there
        ? "Gives a link to an export that was made before"
        : "Writes a query's whole result to S3",
      changes: [
        { what: uri, to: change },
        { what: "statement", to: given.sql },
      ],
      ...(region === undefined ? {} : { region }),
      // Objects can be deleted again, and nothing is overwritten.
      reversible: true,
      stateSeen,
      repeatableAs,
    };
  },
  async handle(given, context) {
    const exported = await context.lake.exportQuery(requestOf(given), scopeOf(context));
    const { rejectedCount, notes, expiresAt, ...facts } = exported;
    return {
      ...facts,
      format: given.format,
      expiresAt: expiresAt.toISOString(),
      ...(rejectedCount > 0 ? { rejectedRows: rejectedCount } : {}),
      ...(notes.length > 0 ? { notes } : {}),
    };
  },
});

/** The order of the members is part of what the object is called after. */
function requestOf({
  sql,
  sources,
  format,
  folder,
  name,
  expiresSeconds,
  escapeFormulas,
  idempotencyKey,
}: z.output<typeof input>): ExportQueryRequest {
  return {
    sql,
    sources: namedSources(sources),
    format,
    escapeFormulas,
    ...(folder === undefined ? {} : { folder }),
    ...(name === undefined ? {} : { name }),
    ...(expiresSeconds === undefined ? {} : { expiresMs: expiresSeconds * 1000 }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}
