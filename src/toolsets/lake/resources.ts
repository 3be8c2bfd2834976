import type { ResourceDefinition, ResourceEntry } from "../../core/exposure.ts";
import { completeUri } from "./complete-uri.ts";

const scheme = "sluice://lake/";

/** Any dataset of the lake, by its uri: `sluice://lake/s3://bucket/orders/`. Lists the places to start from. */
export const datasetResource: ResourceDefinition = {
  name: "dataset",
  title: "Dataset of the lake",
  description: "Schema and facts of a file, folder or glob, as JSON; what lake_get_metadata says.",
  mimeType: "application/json",
  uriTemplate: `${scheme}{+uri}`,
  tool: "lake_get_metadata",
  toInput: ({ uri }) => ({ uri }),
  list: {
    tool: "lake_list_sources",
    toInput: () => ({}),
    toEntries: ({ sources }) => (Array.isArray(sources) ? sources.map(toEntry) : []),
  },
  complete: { uri: completeUri },
};

/** `place` is one of `lake_list_sources`' output. */
function toEntry(place: { kind: string; name: string; uri: string }): ResourceEntry {
  return {
    uri: `${scheme}${place.uri}`,
    name: place.name,
    description: place.kind === "s3" ? `S3 bucket ${place.name}` : `Local folder ${place.name}`,
    mimeType: "application/json",
  };
}
