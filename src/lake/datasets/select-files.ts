import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import type { StoredObject } from "../stores/store.ts";
import { named, nameOf } from "./dataset.ts";
import { insideTable } from "./table-root-at.ts";

/** Files a dataset may have. */
export const maxDatasetFiles = 10_000;

export interface Selection {
  files: StoredObject[];
  notes: string[];
}

/**
 * The data files among listed objects: no folder marks, no empty files, nothing hidden (a name or folder that
 * starts with `_` or `.`, as Spark and Hive have it). Says what it left out. Throws `unsupported` inside a
 * table format whose log decides which files count, `too_large` past 10,000 files.
 */
export function selectDataFiles(
  uri: string,
  folder: string,
  listed: readonly StoredObject[],
  matches: (name: string) => boolean,
): Selection {
  refuseTableFormats(uri, listed, matches);
  const files: StoredObject[] = [];
  const hidden: string[] = [];
  let empty = 0;
  for (const object of listed) {
    const name = nameOf(object.location);
    if (name.endsWith("/") || !matches(name)) continue;
    if (isHidden(name.slice(folder.length))) hidden.push(name.slice(folder.length));
    else if (object.sizeBytes === 0) empty++;
    else files.push(object);
  }
  if (files.length > maxDatasetFiles) {
    throw new ToolError(
      "too_large",
      `${quoteName(uri)} names ${files.length} files; ${maxDatasetFiles} are allowed. Name fewer with a narrower prefix or a glob.`,
      { details: { files: files.length, maxFiles: maxDatasetFiles } },
    );
  }
  return { files: files.sort(byName), notes: skippedNotes(hidden, empty) };
}

function skippedNotes(hidden: readonly string[], empty: number): string[] {
  const notes: string[] = [];
  if (hidden.length > 0) {
    const shown = hidden.slice(0, 3).join(", ");
    notes.push(`Hidden files not read: ${hidden.length} (${shown}${hidden.length > 3 ? ", …" : ""}).`);
  }
  if (empty > 0) notes.push(`Empty files not read: ${empty}.`);
  return notes;
}

/** A partition folder may start with `_`: `_date=2025-01-01/`. */
function isHidden(relativeName: string): boolean {
  return relativeName
    .split("/")
    .some((part) => part.startsWith(".") || (part.startsWith("_") && !part.includes("=")));
}

function byName(a: StoredObject, b: StoredObject): number {
  const [left, right] = [nameOf(a.location), nameOf(b.location)];
  return left < right ? -1 : left > right ? 1 : 0;
}

const logs = [
  { kind: "Delta", pattern: /(?:^|\/)_delta_log\// },
  { kind: "Hudi", pattern: /(?:^|\/)\.hoodie\// },
  { kind: "Iceberg", pattern: /(?:^|\/)metadata\/[^/]*\.metadata\.json(?:\.gz)?$/ },
] as const;

/** The files of such a table are not its rows: some are deleted, some not yet committed. */
function refuseTableFormats(
  uri: string,
  listed: readonly StoredObject[],
  matches: (name: string) => boolean,
): void {
  for (const { kind, pattern } of logs) {
    const roots = new Set<string>();
    for (const { location } of listed) {
      const found = pattern.exec(nameOf(location));
      if (found) roots.add(nameOf(location).slice(0, found.index + (found[0].startsWith("/") ? 1 : 0)));
    }
    if (roots.size === 0) continue;
    for (const { location } of listed) {
      const name = nameOf(location);
      const root = [...roots].find((root) => matches(name) && name.startsWith(root));
      if (root === undefined) continue;
      throw kind === "Hudi" ? hudiError(uri) : insideTable(kind, uri, named(location, root));
    }
  }
}

/** Reading such a table's files without its log would give wrong rows. */
function hudiError(uri: string): ToolError {
  return new ToolError(
    "unsupported",
    `${quoteName(uri)} is part of a Hudi table. Hudi tables are not read by this version: which of their files count is in their log.`,
    { details: { tableFormat: "Hudi" } },
  );
}
