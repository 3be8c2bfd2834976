import { z } from "zod";
import { defineTool } from "../../core/tool.ts";
import { checkLimit, scopeOf } from "./call-scope.ts";
import { datasetInput, datasetOf } from "./dataset-shape.ts";
import { oldReadCsv, oldReadJson, oldReadParquet } from "./old-reads.ts";
import { rowPageInput, rowsOut, rowsResult, untrustedRows } from "./rows-shape.ts";

/**
 * One page of a dataset's rows in file order. Throws not_found, denied, invalid_input for the filter, changed
 * when the data changed since the cursor, too_large. Source: S3 GetObject, ListObjectsV2; local files.
 */
export const readRows = defineTool({
  name: "lake_read_rows",
  title: "Read rows",
  description:
    "Rows of one file, folder or glob (Parquet, CSV, JSON, text; gzip and zstd), in order, with chosen columns and a SQL condition. Use it to look at data. To aggregate, sort or join, call lake_query.",
  effect: "read",
  resources: "lake",
  iam: ["s3:GetObject", "s3:ListBucket"],
  input: z.strictObject({
    ...datasetInput,
    columns: z.array(z.string()).max(1_000).default([]).describe("Empty: all"),
    filter: z.string().max(10_000).optional().describe("SQL condition, e.g. total > 10"),
    ...rowPageInput,
  }),
  output: z.object(rowsOut),
  untrusted: untrustedRows,
  examples: [
    { title: "The first rows of a folder", input: { uri: "s3://demo-lake/orders/", limit: 10 } },
    {
      title: "Some columns of some rows",
      input: { uri: "s3://demo-lake/orders/", columns: ["order_id", "total"], filter: "status = 'paid'" },
    },
    {
      title: "A Delta table as it was",
      input: { uri: "s3://demo-lake/shipments/", version: 0, limit: 5 },
    },
  ],
  aliases: [oldReadCsv, oldReadJson, oldReadParquet],
  async handle(input, context) {
    const { columns, filter, cursor } = input;
    const page = await context.lake.readRows(
      {
        ...datasetOf(input),
        columns,
        ...(filter === undefined ? {} : { filter }),
        ...(cursor === undefined ? {} : { cursor }),
        maxRows: checkLimit(input.limit, context),
        maxBytes: context.bounds.maxBytes,
      },
      scopeOf(context),
    );
    return rowsResult(page);
  },
});
