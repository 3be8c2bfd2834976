import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import type { ToolAlias } from "../../core/tool.ts";
import { firstGiven } from "./old-names.ts";

const name = z.string().min(1).optional();

/** `list_s3_objects` of older servers: every level, as S3 lists without a delimiter, unless one is given. */
export const oldListObjects: ToolAlias = {
  name: "list_s3_objects",
  input: z.strictObject({
    bucket: name,
    bucket_name: name,
    prefix: z.string().optional(),
    delimiter: z.string().optional(),
    max_keys: z.int().min(1).optional(),
    limit: z.int().min(1).optional(),
  }),
  toInput(old) {
    const bucket = firstGiven(old, "bucket_name", "bucket");
    if (bucket === undefined) throw new ToolError("invalid_input", "bucket_name (or bucket) is missing.");
    const limit = firstGiven(old, "max_keys", "limit");
    return {
      uri: `s3://${String(bucket)}/${String(old.prefix ?? "")}`,
      delimiter: old.delimiter ?? "",
      ...(limit === undefined ? {} : { limit }),
    };
  },
};
