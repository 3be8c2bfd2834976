import { z } from "zod";
import type { DatasetRequest } from "../../lake/lake.ts";

/** The name of a dataset in a call. 1,024 bytes of key in UTF-8, with room for bucket and escapes. */
export const uriInput = z.string().min(1).max(4_096);

/** What a caller may say of a file in place of leaving it to detection. */
const hintsInput = {
  format: z.enum(["parquet", "csv", "json", "ndjson", "text"]).optional(),
  // A refinement takes no room in the listed schema.
  separator: z
    .string()
    .refine((text) => /^[^\0\r\n]{1,4}$/.test(text), {
      error: "must have 1 to 4 characters, neither NUL nor a line end",
    })
    .optional(),
  hasHeader: z.boolean().optional(),
  encoding: z.enum(["utf-8", "utf-16le", "utf-16be", "latin-1"]).optional(),
};

/** A state of a table of Delta or Iceberg other than its newest. */
const momentInput = {
  version: z
    .int()
    .refine((version) => version >= 0, { error: "must be 0 or more" })
    .optional(),
  timestamp: z.string().max(64).optional(),
  snapshot: z.string().max(64).optional(),
};

/** Names a dataset and says how to read it. Spread into an input. */
export const datasetInput = {
  uri: uriInput.describe("s3://bucket/key, path, folder/, glob or databricks://catalog.schema.table"),
  ...momentInput,
  ...hintsInput,
};

/** A dataset within another argument: its bare name, or its name with hints. */
export const sourceInput = z.union([
  uriInput,
  z.strictObject({ uri: uriInput, ...momentInput, ...hintsInput }),
]);

/** Only what is the dataset's of a larger input. */
export function datasetOf(input: DatasetRequest): DatasetRequest {
  const { uri, version, timestamp, snapshot, format, separator, hasHeader, encoding } = input;
  return {
    uri,
    ...(version === undefined ? {} : { version }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(format === undefined ? {} : { format }),
    ...(separator === undefined ? {} : { separator }),
    ...(hasHeader === undefined ? {} : { hasHeader }),
    ...(encoding === undefined ? {} : { encoding }),
  };
}
