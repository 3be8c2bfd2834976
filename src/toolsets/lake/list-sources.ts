import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { notesOut } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import type { LakeView } from "../../lake/lake.ts";
import { placeOut, placeResult } from "./place-shape.ts";

/** Databases whose tables may be read; only its level tells it from a place. */
const tableSourceOut = {
  level: z.enum(["catalog", "schema", "table"]).optional(),
  format: z.string().optional(),
  location: z.string().optional(),
};

/**
 * Every place that may be read, as configured; with a uri what is in a catalog or schema. Throws unavailable,
 * denied, not_found. Source: settings, S3 ListBuckets, Unity Catalog.
 */
export const listSources = defineTool({
  name: "lake_list_sources",
  title: "List data sources",
  description:
    "What can be read here: buckets, local folders, catalogs of tables, file formats and query engines. Call it first when you do not know where data is; then lake_list_objects, or this again with the uri of a catalog or schema.",
  effect: "read",
  resources: "lake",
  iam: ["glue:GetTables", "s3:ListAllMyBuckets"],
  input: z.strictObject({
    uri: z
      .string()
      .min(1)
      .max(1_024)
      .optional()
      .describe("databricks://catalog or databricks://catalog.schema"),
  }),
  output: z.object({
    sources: z.array(
      placeOut.extend({ kind: z.enum(["s3", "local", "databricks", "athena"]), ...tableSourceOut }),
    ),
    formats: z.array(z.string()),
    engines: z.array(z.string()),
    ...notesOut,
  }),
  untrusted: ["sources"],
  examples: [{ title: "Everything there is", input: {} }],
  async handle({ uri }, { lake, signal }) {
    const places = uri === undefined ? await lake.stores.places(signal) : [];
    const tables = await tablesOf(lake, uri, signal);
    const athena = uri === undefined ? await lake.athena?.list(signal) : undefined;
    const notes = [
      ...tables.notes,
      ...(athena?.notes ?? []),
      ...(places.length + tables.sources.length + (athena?.sources.length ?? 0) === 0 && uri === undefined
        ? ["Nothing may be read yet: set lake.buckets or lake.localRoots."]
        : []),
    ];
    return {
      sources: [
        ...places.map((place) => ({ kind: place.kind, ...placeResult(place) })),
        ...tables.sources.map((source) => ({ kind: "databricks" as const, ...source })),
        ...(athena?.sources ?? []).map((source) => ({ kind: "athena" as const, ...source })),
      ],
      formats: ["parquet", "csv", "json", "ndjson", "text", "delta", "iceberg"],
      engines: [...lake.engines],
      ...(notes.length > 0 ? { notes } : {}),
    };
  },
});

async function tablesOf({ databricks }: LakeView, uri: string | undefined, signal: AbortSignal) {
  if (databricks) return databricks.sources(uri, signal);
  if (uri === undefined) return { sources: [], notes: [] };
  throw new ToolError(
    "invalid_input",
    "uri names a catalog or schema of Databricks, and none is set up here (lake.databricks). Call lake_list_objects for folders, or this without uri.",
  );
}
