import { writeFile } from "node:fs/promises";
import { jsonDigest } from "../../core/digest.ts";
import type { DetectedFormat } from "../formats/format.ts";
import { textStart } from "../formats/text-start.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject } from "../stores/store.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { tableOf } from "./hydrate.ts";
import type { CallHolds, HydratedTable } from "./hydration.ts";
import { namingFile } from "./name-file.ts";
import { readStart } from "./read-start.ts";
import type { LakeParts } from "./with-tables.ts";

/** Bytes decompressed at most, about: what a bomb has more is left. */
const maxTextBytes = 8 * 1024 * 1024;

/** The first `size` bytes of a dataset's first file. */
export interface DatasetStart {
  dataset: Dataset;
  detected: DetectedFormat;
  size: number;
}

/**
 * A dataset's first records as a table of their own: those that lie whole in the first `startBytes` of its first
 * file, which are all that is read. `undefined` where not one does. Throws `changed`, and `invalid_input` for
 * compressed data that is damaged.
 */
export async function startTable(
  parts: LakeParts,
  { dataset, detected, size: startBytes }: DatasetStart,
  holds: CallHolds,
  scope: LakeScope,
): Promise<(HydratedTable & { dataset: Dataset }) | undefined> {
  const [first] = dataset.files;
  if (!first) throw new TypeError("A dataset has at least one file.");
  const { format, compression, encoding, dialect } = detected;
  const form = jsonDigest([format, compression, encoding, dialect, startBytes], {
    encoding: "hex",
    length: 24,
  });
  const { object } = first;
  const write = async (path: string, signal: AbortSignal) => {
    const stored = await readStart(parts.stores, object, startBytes, signal);
    await writeFile(path, await textStart(stored, detected, maxTextBytes));
  };
  const raw = await namingFile(object.uri, () =>
    parts.cache.derived(object, `start-v1-${form}`, write, scope),
  );
  holds.pins.add(raw.release);
  if (raw.sizeBytes === 0) return undefined;
  const file = startAsFile(first, startBytes, raw.sizeBytes);
  const start = { ...dataset, files: [file], version: `${dataset.version}-start-${startBytes}` };
  const isPlain = { compression: "none" as const, encoding: "utf-8" as const };
  const fetched = [{ file, raw, detected: { ...detected, ...isPlain } }];
  const table = await tableOf(parts, { dataset: start, fetched, ...holds, scope });
  return { ...table, dataset: start, notes: [...table.notes, startNote(object, detected, startBytes)] };
}

/** A version of its own, so that nothing found of it is taken for the whole file's. */
function startAsFile({ object, partition }: DataFile, startBytes: number, sizeBytes: number): DataFile {
  return { object: { ...object, etag: `${object.etag}-start-${startBytes}`, sizeBytes }, partition };
}

function startNote(
  { uri }: StoredObject,
  { compression, format }: DetectedFormat,
  startBytes: number,
): string {
  const found = format === "text" ? "Rows" : "Columns, types and rejected rows";
  const kind = compression === "none" ? "" : " compressed";
  return `${found} are by the first ${startBytes}${kind} bytes of ${uri}, which are all that was read. A filter, an aggregate or an order reads every row.`;
}
