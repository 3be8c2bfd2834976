import { createHash } from "node:crypto";
import type { TableSnapshot } from "../tables/table-snapshot.ts";
import type { DataFile } from "./dataset.ts";

/** Names one state of a table, or of some of its files, whatever it was called. */
export function tableVersion(
  { format, root, fields, state }: TableSnapshot,
  files: readonly DataFile[],
): string {
  const hash = createHash("sha256").update(JSON.stringify([format, root.location, state, fields]));
  for (const { object, inTable } of files) hash.update(JSON.stringify([object.sizeBytes, inTable?.key]));
  return hash.digest("base64url").slice(0, 22);
}
