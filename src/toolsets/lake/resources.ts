import { z } from "zod";
import type { ResourceDefinition, ResourceEntry, ToolCaller } from "../../core/exposure.ts";
import { decodeCursor, encodeCursor } from "../../core/results.ts";
import { completeUri } from "./complete-uri.ts";

const scheme = "sluice://lake/";
/** What lies deeper is found with lake_list_objects and read through the template. */
const entriesPerPage = 100;

/** The place a page belongs to, and where the listing of that place goes on. */
const listPosition = z.object({ place: z.int().min(0), listing: z.string().optional() });

const sourcesOut = z.object({ sources: z.array(z.object({ uri: z.string() })) });
const objectsOut = z.object({
  prefixes: z.array(z.string()),
  objects: z.array(z.object({ uri: z.string(), sizeBytes: z.number() })),
  cursor: z.string().optional(),
});

/**
 * Any dataset of the lake, by its uri: `sluice://lake/s3://bucket/orders/`. Lists the folders and files at the
 * top of each place that may be read, one place after the other.
 */
export const datasetResource: ResourceDefinition = {
  name: "dataset",
  title: "Dataset of the lake",
  description: "Schema and facts of a file, folder or glob, as JSON; what lake_get_metadata says.",
  mimeType: "application/json",
  uriTemplate: `${scheme}{+uri}`,
  tool: "lake_get_metadata",
  toInput: ({ uri }) => ({ uri }),
  list: { tools: ["lake_list_sources", "lake_list_objects"], page: listDatasets },
  complete: { uri: completeUri },
};

async function listDatasets(call: ToolCaller, cursor: string | undefined) {
  const position = cursor === undefined ? { place: 0 } : decodeCursor(cursor, listPosition);
  const { sources } = sourcesOut.parse(await call("lake_list_sources", {}));
  const source = sources[position.place];
  if (!source) return { entries: [] };
  const listing = position.listing === undefined ? {} : { cursor: position.listing };
  const input = { uri: source.uri, limit: entriesPerPage, ...listing };
  const page = objectsOut.parse(await call("lake_list_objects", input));
  const entries = [
    ...page.prefixes.map((uri) => toEntry(uri, source.uri)),
    ...page.objects.map(({ uri, sizeBytes }) => ({ ...toEntry(uri, source.uri), sizeBytes })),
  ];
  const next =
    page.cursor === undefined ? { place: position.place + 1 } : { ...position, listing: page.cursor };
  return next.place < sources.length ? { entries, cursor: encodeCursor(next) } : { entries };
}

function toEntry(uri: string, placeUri: string): ResourceEntry {
  const name = uri.startsWith(placeUri) ? uri.slice(placeUri.length).replace(/^\//, "") : uri;
  return { uri: `${scheme}${uri}`, name, description: uri, mimeType: "application/json" };
}
