import { ToolError } from "../../core/errors.ts";
import type { DataFormat, DetectedFormat } from "../formats/format.ts";
import { quoteName } from "../location-names.ts";

/** Formats that make one kind of table: one JSON document and one per line end up the same. */
export type FormatFamily = "parquet" | "csv" | "ndjson" | "text";

function family(format: DataFormat): FormatFamily {
  return format === "json" ? "ndjson" : format;
}

/** The family all files share. Throws `invalid_input` that says what is there, where they do not. */
export function familyOf(
  uri: string,
  files: readonly { uri: string; detected: DetectedFormat }[],
): FormatFamily {
  const byFamily = new Map<FormatFamily, string[]>();
  for (const { uri, detected } of files) {
    const known = byFamily.get(family(detected.format));
    if (known) known.push(uri);
    else byFamily.set(family(detected.format), [uri]);
  }
  const [only] = byFamily.keys();
  if (only !== undefined && byFamily.size === 1) return only;
  const found = [...byFamily].map(
    ([name, uris]) => `${uris.length} ${name} (such as ${quoteName(uris[0] ?? "")})`,
  );
  throw new ToolError(
    "invalid_input",
    `${quoteName(uri)} holds files of several formats: ${found.join(", ")}. Name those of one format with a glob, or say which with format.`,
    { details: { found: Object.fromEntries([...byFamily].map(([name, uris]) => [name, uris.length])) } },
  );
}
