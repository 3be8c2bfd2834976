import { z } from "zod";
import type { ToolAlias } from "../../core/tool.ts";
import { oldObject, toOldUri } from "./old-names.ts";

/** `summarize` of older servers: a key of the one bucket they had. */
export const oldSummarize: ToolAlias = {
  name: "summarize",
  input: z.strictObject({ ...oldObject, max_sentences: z.int().min(1).optional() }),
  toInput: (old) => ({
    uri: toOldUri(old),
    ...(old.max_sentences === undefined ? {} : { maxSentences: old.max_sentences }),
  }),
};
