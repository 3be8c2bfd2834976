import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import type { LiveFile } from "./read-files.ts";

/** The number of the column of positional deletes that has the paths of data files. */
const filePathId = 2_147_483_546;
/** Data files and deletes that are looked at together. */
const maxPairs = 20_000_000;

/**
 * Deletes that may name rows of a data file: of its partition, not older than it, and neither of another file nor of
 * paths that all come before or after its own. Source: Iceberg table specification, "Scan Planning".
 */
export function deletesByFile(deletes: readonly LiveFile[], uri: string): (data: LiveFile) => LiveFile[] {
  const byPartition = new Map<string, { file: LiveFile; least?: Buffer; greatest?: Buffer }[]>();
  for (const file of deletes) {
    const key = partitionKey(file);
    const known = byPartition.get(key) ?? [];
    known.push({ file, ...pathsIn(file) });
    byPartition.set(key, known);
  }
  let pairs = 0;
  return (data) => {
    const near = byPartition.get(partitionKey(data));
    if (!near) return [];
    pairs += near.length;
    if (pairs > maxPairs) throw tooMany(uri);
    const path = Buffer.from(data.entry.path);
    return near
      .filter(({ file }) => file.sequenceNumber >= data.sequenceNumber)
      .filter(({ file: { entry } }) => (entry.referencedPath ?? data.entry.path) === data.entry.path)
      .filter(({ least }) => !least || Buffer.compare(least, path) <= 0)
      .filter(({ greatest }) => !greatest || Buffer.compare(greatest, path) >= 0)
      .map(({ file }) => file);
  };
}

function pathsIn({ entry }: LiveFile): { least?: Buffer; greatest?: Buffer } {
  const least = entry.lowerBounds?.entries().get(filePathId);
  const greatest = entry.upperBounds?.entries().get(filePathId);
  return {
    ...(Buffer.isBuffer(least) ? { least } : {}),
    ...(Buffer.isBuffer(greatest) ? { greatest } : {}),
  };
}

function partitionKey({ specId, entry }: LiveFile): string {
  const values = [...entry.partition].map(([id, value]) => [
    id,
    Buffer.isBuffer(value) ? value.toString("hex") : String(value),
    typeof value,
  ]);
  return JSON.stringify([specId, values]);
}

function tooMany(uri: string): ToolError {
  return new ToolError(
    "too_large",
    `The Iceberg table ${quoteName(uri)} has more deletes for its data files than are looked through. Compact it (rewrite_position_delete_files) to read it here.`,
  );
}
