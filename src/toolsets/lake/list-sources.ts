import { z } from "zod";
import { notesOut } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import { placeOut, placeResult } from "./place-shape.ts";

/** Every place that may be read, as configured. Throws unavailable, denied. Source: settings, S3 ListBuckets. */
export const listSources = defineTool({
  name: "lake_list_sources",
  title: "List data sources",
  description:
    "What can be read here: buckets, local folders, file formats and query engines. Call it first when you do not know where data is; then lake_list_objects.",
  effect: "read",
  iam: ["s3:ListAllMyBuckets"],
  input: z.strictObject({}),
  output: z.object({
    sources: z.array(placeOut.extend({ kind: z.enum(["s3", "local"]) })),
    formats: z.array(z.string()),
    engines: z.array(z.string()),
    ...notesOut,
  }),
  examples: [{ title: "Everything there is", input: {} }],
  async handle(_input, { lake, signal }) {
    const places = await lake.stores.places(signal);
    return {
      sources: places.map((place) => ({ kind: place.kind, ...placeResult(place) })),
      formats: ["parquet", "csv", "json", "ndjson", "text"],
      engines: [...lake.engines],
      ...(places.length === 0
        ? { notes: ["Nothing may be read yet: set lake.buckets or lake.localRoots."] }
        : {}),
    };
  },
});
