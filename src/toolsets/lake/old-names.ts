import { z } from "zod";
import { ToolError } from "../../core/errors.ts";

const name = z.string().min(1).optional();

/** How older servers named one object: under any of these names. */
export const oldObject = {
  bucket: name,
  bucket_name: name,
  key: name,
  file_key: name,
  object_key: name,
};

/** How older servers named a text file's form. */
export const oldCsvForm = { delimiter: name, encoding: name };

/** How older servers bounded rows. */
const count = z.int().min(1).optional();
export const oldRowCount = { limit: count, max_rows: count, num_rows: count };

/** The first of several old names that is given. */
export function firstGiven(old: Record<string, unknown>, ...names: string[]): unknown {
  return names.map((known) => old[known]).find((value) => value !== undefined);
}

/**
 * The object old arguments name: `s3://bucket/key`, or the bare key where they name no bucket (see
 * `withOnlyBucket`). Throws `invalid_input` with no key.
 */
export function toOldUri(old: Record<string, unknown>): string {
  const bucket = firstGiven(old, "bucket_name", "bucket");
  const key = firstGiven(old, "file_key", "object_key", "key");
  if (typeof key !== "string") {
    throw new ToolError("invalid_input", "Name the object: file_key (or key, object_key) is missing.");
  }
  return typeof bucket === "string" ? `s3://${bucket}/${key}` : key;
}

/** `limit` of the new tools, where an old name for it is given. */
export function toLimit(old: Record<string, unknown>): { limit?: unknown } {
  const limit = firstGiven(old, "limit", "max_rows", "num_rows");
  return limit === undefined ? {} : { limit };
}

const encodings: Record<string, string> = {
  utf8: "utf-8",
  utf8sig: "utf-8",
  latin1: "latin-1",
  iso88591: "latin-1",
  utf16: "utf-16le",
  utf16le: "utf-16le",
  utf16be: "utf-16be",
};

/** `separator` and `encoding` of the new tools. Throws `invalid_input` for an encoding that is not read. */
export function toCsvForm(old: Record<string, unknown>): { separator?: unknown; encoding?: string } {
  const { delimiter, encoding } = old;
  if (encoding === undefined) return delimiter === undefined ? {} : { separator: delimiter };
  const known = encodings[String(encoding).toLowerCase().replace(/[-_ ]/g, "")];
  if (known === undefined) {
    throw new ToolError(
      "invalid_input",
      `encoding "${String(encoding)}" is not read here; utf-8, utf-16 and latin-1 are.`,
    );
  }
  return { ...(delimiter === undefined ? {} : { separator: delimiter }), encoding: known };
}
