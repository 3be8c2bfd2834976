import { z } from "zod";
import { decodeCursor, encodeCursor, notesOut, pageOut } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import { scopeOf } from "./call-scope.ts";
import { datasetInput, datasetOf } from "./dataset-shape.ts";
import { oldObject, toOldUri } from "./old-names.ts";

/** Columns profiled in one call. */
const columnsPerPage = 50;
const cursorState = z.strictObject({ column: z.int().min(0) });

/**
 * Statistics per column. Throws not_found, denied, too_large, timeout, invalid_input for unknown columns.
 * Source: DuckDB over S3 and local files.
 */
export const profileDataset = defineTool({
  name: "lake_profile_dataset",
  title: "Profile a dataset",
  description:
    "Statistics per column of a file, folder or glob: type, nulls, distinct, min, max, mean, quantiles, top values, histogram; of a sample or the whole: it says which. Use it to judge quality before a query. For the schema alone, lake_get_metadata is far cheaper.",
  effect: "read",
  resources: "lake",
  task: "optional",
  iam: ["s3:GetObject", "s3:ListBucket"],
  input: z.strictObject({
    ...datasetInput,
    columns: z.array(z.string()).max(1_000).default([]).describe("Empty: all"),
    mode: z
      .enum(["auto", "footer", "sample", "whole"])
      .default("auto")
      .describe("footer: of Parquet, reads no row"),
    topValues: z.int().min(0).max(50).default(5),
    histogramBins: z.int().min(0).max(50).default(10),
    cursor: z.string().max(4_096).optional(),
  }),
  output: z.object({
    rowCount: z.int(),
    profiledRows: z.int(),
    mode: z.string(),
    columns: z.array(
      z.looseObject({
        name: z.string(),
        type: z.string(),
        nulls: z.int().optional(),
        distinct: z.looseObject({ count: z.int() }).optional(),
      }),
    ),
    rejectedRows: z.int().optional(),
    ...pageOut,
    ...notesOut,
  }),
  untrusted: ["columns"],
  examples: [
    { title: "Quality of a CSV file", input: { uri: "s3://demo-lake/customers/customers.csv" } },
    {
      title: "Two columns of every row",
      input: { uri: "s3://demo-lake/orders/", columns: ["status", "total"], mode: "whole" },
    },
  ],
  aliases: [
    {
      name: "get_dataset_summary",
      input: z.strictObject(oldObject),
      toInput: (old) => ({ uri: toOldUri(old) }),
    },
  ],
  async handle(input, context) {
    const { mode, topValues, histogramBins, columns, cursor } = input;
    const first = cursor === undefined ? 0 : decodeCursor(cursor, cursorState).column;
    const profile = await context.lake.profile(
      {
        ...datasetOf(input),
        columns,
        firstColumn: first,
        maxColumns: columnsPerPage,
        mode,
        topValues,
        histogramBins,
      },
      scopeOf(context),
    );
    const next = first + profile.columns.length;
    const more = next < profile.columnCount;
    return {
      rowCount: profile.rowCount,
      profiledRows: profile.profiledRows,
      mode: profile.mode,
      columns: profile.columns.map((column) => ({ ...column })),
      ...(profile.rejectedCount > 0 ? { rejectedRows: profile.rejectedCount } : {}),
      truncated: more,
      ...(more ? { cursor: encodeCursor({ column: next }) } : {}),
      ...(profile.notes.length > 0 ? { notes: profile.notes } : {}),
    };
  },
});
