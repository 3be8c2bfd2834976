import { z } from "zod";
import { notesOut } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import { placeOut, placeResult } from "./place-shape.ts";

/** Every place that may be read, as configured. Throws unavailable, denied. Source: settings, S3 ListBuckets. */
export const listSources = defineTool({
  name: "lake_list_sources",
  title: "List data sources",
  description:
    "What can be read here: buckets, local folders, tables of catalogs, file formats and query engines. Call it first when you do not know where data is; then lake_list_objects.",
  effect: "read",
  iam: ["glue:GetTables", "s3:ListAllMyBuckets"],
  input: z.strictObject({}),
  output: z.object({
    sources: z.array(placeOut.extend({ kind: z.enum(["s3", "local"]) })),
    tables: z
      .array(
        z.object({
          kind: z.enum(["athena"]),
          name: z.string(),
          uri: z.string(),
          format: z.string().optional(),
          location: z.string().optional(),
          region: z.string().optional(),
        }),
      )
      .optional()
      .describe("Of catalogs; the engine is the kind"),
    formats: z.array(z.string()),
    engines: z.array(z.string()),
    ...notesOut,
  }),
  examples: [{ title: "Everything there is", input: {} }],
  async handle(_input, { lake, signal }) {
    const [places, { tables, notes: tableNotes }] = await Promise.all([
      lake.stores.places(signal),
      lake.listTables(signal),
    ]);
    const isEmpty = places.length === 0 && tables.length === 0;
    const notes = [
      ...tableNotes,
      ...(isEmpty ? ["Nothing may be read yet: set lake.buckets or lake.localRoots."] : []),
    ];
    return {
      sources: places.map((place) => ({ kind: place.kind, ...placeResult(place) })),
      ...(tables.length > 0 ? { tables } : {}),
      formats: ["parquet", "csv", "json", "ndjson", "text"],
      engines: [...lake.engines],
      ...(notes.length > 0 ? { notes } : {}),
    };
  },
});
