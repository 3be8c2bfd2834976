import type { Toolset } from "../../core/registry.ts";
import { exportQuery } from "./export-query.ts";
import { getMetadata } from "./get-metadata.ts";
import { listBuckets } from "./list-buckets.ts";
import { listObjects } from "./list-objects.ts";
import { listSources } from "./list-sources.ts";
import { profileDataset } from "./profile-dataset.ts";
import { checkDataQuality, explainCost, exploreBucket } from "./prompts.ts";
import { query } from "./query.ts";
import { readRows } from "./read-rows.ts";
import { datasetResource } from "./resources.ts";
import { summarizeText } from "./summarize-text.ts";

/** Listing, describing, reading, querying and summarising what lies in S3 and on local disk. */
export const lakeToolset: Toolset = {
  name: "lake",
  title: "Data lake",
  tools: [
    listSources,
    listBuckets,
    listObjects,
    getMetadata,
    readRows,
    query,
    exportQuery,
    profileDataset,
    summarizeText,
  ],
  resources: [datasetResource],
  prompts: [exploreBucket, checkDataQuality, explainCost],
};
