import { z } from "zod";
import { decodeCursor, encodeCursor, fillPage, notesOut, pageOut } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import { scopeOf } from "./call-scope.ts";
import { datasetInput, datasetOf } from "./dataset-shape.ts";
import { descriptionOut, descriptionResult } from "./metadata-shape.ts";
import { oldObject, toOldUri } from "./old-names.ts";
import { columnOut } from "./rows-shape.ts";

const cursorState = z.strictObject({ column: z.int().min(0) });

/**
 * Schema and facts of a dataset; its columns by pages where they are many. Throws not_found, denied,
 * unsupported, changed. Source: S3 HeadObject, ListObjectsV2, Parquet footers, heads of text files, Unity Catalog.
 */
export const getMetadata = defineTool({
  name: "lake_get_metadata",
  title: "Get metadata",
  description:
    "Schema, format, size, row count, partitions, row groups, ETag, encryption and storage class of a file, folder, glob or table. Call it before writing SQL. For statistics of values, call lake_profile_dataset.",
  effect: "read",
  resources: "lake",
  iam: ["glue:GetTable", "s3:GetObject", "s3:ListBucket"],
  input: z.strictObject({ ...datasetInput, cursor: z.string().max(4_096).optional() }),
  output: z.object({
    ...descriptionOut,
    columns: z.array(columnOut.extend({ comment: z.string().optional() })),
    ...pageOut,
    ...notesOut,
  }),
  untrusted: ["columns", "partitions", "object", "delta", "iceberg", "table"],
  examples: [{ title: "What a folder holds", input: { uri: "s3://demo-lake/orders/" } }],
  aliases: [
    {
      name: "get_file_metadata",
      input: z.strictObject(oldObject),
      toInput: (old) => ({ uri: toOldUri(old) }),
    },
  ],
  async handle(input, context) {
    const description = await context.lake.describe(datasetOf(input), scopeOf(context));
    const first = input.cursor === undefined ? 0 : decodeCursor(input.cursor, cursorState).column;
    const left = description.columns.slice(first);
    const { items, more } = fillPage(left, context.bounds.maxRows, context.bounds.maxBytes / 2);
    return {
      ...descriptionResult(description),
      columns: items,
      truncated: more,
      ...(more ? { cursor: encodeCursor({ column: first + items.length }) } : {}),
      ...(description.notes.length > 0 ? { notes: description.notes } : {}),
    };
  },
});
