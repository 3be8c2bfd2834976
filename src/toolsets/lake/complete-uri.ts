import type { Completion } from "../../core/exposure.ts";

/** Proposes what lies at a uri being typed: places first, then one level of a bucket at a time. */
export const completeUri: Completion = {
  tool: "lake_list_objects",
  // A local folder outside the roots would be refused, and only the places say where the roots are.
  toInput: (typed) => (/^s3:\/\/[^/]+\//.test(typed) ? { uri: typed } : {}),
  toValues: ({ prefixes, objects }, typed) =>
    [...strings(prefixes), ...fields(objects, "uri")].filter((uri) => uri.startsWith(typed)),
};

/** Proposes buckets. */
export const completeBucket: Completion = {
  tool: "lake_list_buckets",
  toInput: () => ({}),
  toValues: ({ buckets }, typed) => fields(buckets, "name").filter((name) => name.startsWith(typed)),
};

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function fields(value: unknown, field: string): string[] {
  if (!Array.isArray(value)) return [];
  return strings(value.map((item: Record<string, unknown> | null) => item?.[field]));
}
