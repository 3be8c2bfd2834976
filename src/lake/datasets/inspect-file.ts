import { z } from "zod";
import { jsonDigest } from "../../core/digest.ts";
import { ToolError } from "../../core/errors.ts";
import type { SparseFile } from "../cache/cache.ts";
import type { LakeScope } from "../scope.ts";
import type { InspectedText } from "../sql/engine.ts";
import { fieldTypesState } from "../sql/scan/field-types.ts";
import { readInPlace } from "../sql/scan/prepared.ts";
import type { CsvForm } from "./agree-on-csv.ts";
import type { DataFile } from "./dataset.ts";
import type { HydrationDeps } from "./hydration.ts";

/** Smaller files are looked at once they are there, larger ones as they come. */
const lookedAtWholeBytes = 64 * 1024 * 1024;

const inspectedFacts = z.object({
  plain: z.object({ rowCount: z.int(), types: z.array(fieldTypesState), prepared: readInPlace }).nullable(),
});

/** A CSV file, open in the cache or where it lies. */
export interface OpenText {
  file: DataFile;
  raw: SparseFile;
}

/**
 * Fetches a CSV file and looks at it as it comes, once per version of it and way of reading it: what was found before
 * takes no byte of it. Undefined for one that cannot be read as it is, and what was fetched until that was seen is there. Throws `changed`, and `too_large` where the cache has no room for it.
 */
export async function inspectFile(
  deps: HydrationDeps,
  { file: { object }, raw }: OpenText,
  form: CsvForm,
  scope: LakeScope,
): Promise<InspectedText | undefined> {
  const key = jsonDigest([form.dialect, form.columnNames.length], { encoding: "hex", length: 24 });
  const kept = await deps.cache.derived(
    object,
    `plain-v1-${key}`,
    async (_path, signal) => ({
      plain:
        (await inspectArriving(deps, { file: { object, partition: {} }, raw }, form, { ...scope, signal })) ??
        null,
    }),
    scope,
  );
  kept.release();
  return inspectedFacts.parse(kept.facts).plain ?? undefined;
}

async function inspectArriving(
  { engine }: HydrationDeps,
  { file: { object }, raw }: OpenText,
  { dialect, columnNames }: CsvForm,
  scope: LakeScope,
): Promise<InspectedText | undefined> {
  const over = new AbortController();
  const signal = AbortSignal.any([scope.signal, over.signal]);
  const arriving = raw.ensure(wholeOf(raw), { ...scope, signal });
  // Whoever waits for a part sees the fault of it; the whole may be given up.
  arriving.catch(() => {});
  try {
    const { sizeBytes } = object;
    // A worker is not to wait for what it looks at in no time.
    if (sizeBytes <= lookedAtWholeBytes) await arriving;
    const file = { path: raw.path, uri: object.uri, partition: {}, ...hydrating(raw, { ...scope, signal }) };
    const found = await engine.inspect(
      { file, sizeBytes, dialect, columnCount: columnNames.length },
      { signal, progress() {} },
    );
    if (found) await arriving;
    await raw.verify?.();
    return found;
  } finally {
    over.abort(new ToolError("timeout", "Nobody waits for this file any more."));
    await arriving.catch(() => {});
  }
}

/** Parts are on their way already. */
function hydrating(raw: SparseFile, scope: LakeScope) {
  if (raw.missing(wholeOf(raw)).length === 0) return {};
  const quiet = { ...scope, progress() {} };
  return {
    hydrate: (ranges: Parameters<SparseFile["ensure"]>[0]) => ({
      fetch: async () => (await raw.ensure(ranges, quiet)).requests,
    }),
  };
}

export function wholeOf({ sizeBytes }: SparseFile) {
  return [{ start: 0, end: sizeBytes }];
}
