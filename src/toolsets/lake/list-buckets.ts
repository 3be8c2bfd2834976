import { z } from "zod";
import { decodeCursor, encodeCursor, fillPage, pageOut } from "../../core/results.ts";
import { defineTool } from "../../core/tool.ts";
import { checkLimit } from "./call-scope.ts";
import { placeOut, placeResult } from "./place-shape.ts";

const cursorState = z.strictObject({ after: z.string() });

/** One page of the buckets that may be read, by name. Throws unavailable, denied. Source: S3 ListBuckets. */
export const listBuckets = defineTool({
  name: "lake_list_buckets",
  title: "List S3 buckets",
  description: "S3 buckets this server may read, by name. For local folders too, call lake_list_sources.",
  effect: "read",
  resources: "lake",
  iam: ["s3:ListAllMyBuckets"],
  input: z.strictObject({
    limit: z.int().min(1).max(1_000).default(100),
    cursor: z.string().max(4_096).optional(),
  }),
  output: z.object({ buckets: z.array(placeOut), ...pageOut }),
  untrusted: ["buckets"],
  examples: [{ title: "All buckets", input: {} }],
  aliases: [{ name: "list_s3_buckets", input: z.strictObject({}), toInput: () => ({}) }],
  async handle({ limit, cursor }, context) {
    const maxItems = checkLimit(limit, context);
    const after = cursor === undefined ? "" : decodeCursor(cursor, cursorState).after;
    const buckets = (await context.lake.stores.places(context.signal))
      .filter(({ kind, name }) => kind === "s3" && name > after)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(placeResult);
    const { items, more } = fillPage(buckets, maxItems, context.bounds.maxBytes);
    const last = items.at(-1);
    return {
      buckets: items,
      truncated: more,
      ...(more && last ? { cursor: encodeCursor({ after: last.name }) } : {}),
    };
  },
});
