import { z } from "zod";
import type { DatasetRequest } from "../../lake/lake.ts";
import { sourceInput } from "./dataset-shape.ts";

/** As many as one statement may read from. */
const maxSources = 64;

/** A statement and what its names stand for. Spread into an input. */
export const statementInput = {
  sql: z.string().min(1).max(100_000),
  sources: z
    .record(z.string().min(1).max(1_024), sourceInput)
    .refine((sources) => Object.keys(sources).length <= maxSources, {
      error: `may name ${maxSources} tables at most`,
    })
    .default({})
    .describe("Table name → uri, or {uri, format, …}"),
};

/** Sources with every bare uri as a dataset. */
export function namedSources(
  sources: Record<string, z.output<typeof sourceInput>>,
): Record<string, DatasetRequest> {
  return Object.fromEntries(
    Object.entries(sources).map(([name, source]) => [
      name,
      typeof source === "string" ? { uri: source } : source,
    ]),
  );
}
