import { readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { ToolError } from "../../../core/errors.ts";
import type { JobScan } from "../protocol.ts";

/**
 * Sees that the folders of held scans have their files and no others: views of a folder would read fewer rows, and say
 * nothing, where something outside took files away. Throws `unavailable`. What it gives throws it too, where anything
 * was taken or added since.
 */
export function watchHeld(scans: readonly JobScan[]): () => void {
  const changedNs = new Map<string, bigint>();
  for (const [folder, names] of namesByFolder(scans)) {
    changedNs.set(folder, modifiedNs(folder));
    const found = new Set(listed(folder));
    if (found.size !== names.size || [...names].some((name) => !found.has(name))) throw changedOutside();
  }
  return () => {
    for (const [folder, ns] of changedNs) if (modifiedNs(folder) !== ns) throw changedOutside();
  };
}

/** What lies in each folder: the files, their folders, and these in turn up to the folder of the scan. */
function namesByFolder(scans: readonly JobScan[]): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  const note = (path: string) => {
    const folder = dirname(path);
    const names = folders.get(folder);
    if (names) names.add(basename(path));
    else folders.set(folder, new Set([basename(path)]));
    return names === undefined;
  };
  for (const { files, columnsInPaths = [] } of scans) {
    for (const { path } of files) {
      let [level, isNew] = [path, note(path)];
      for (let above = 0; isNew && above <= columnsInPaths.length; above++) {
        level = dirname(level);
        isNew = note(level);
      }
    }
  }
  return folders;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw changedOutside(cause);
  }
}

function modifiedNs(folder: string): bigint {
  const found = statSync(folder, { bigint: true, throwIfNoEntry: false });
  if (!found) throw changedOutside();
  return found.mtimeNs;
}

function changedOutside(cause?: unknown): ToolError {
  return new ToolError(
    "unavailable",
    "The cache folder (lake.cache.dir) is changed by something outside. Try again.",
    { cause },
  );
}
