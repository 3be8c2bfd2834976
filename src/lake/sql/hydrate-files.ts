import type { ByteRange } from "../cache/cache.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import type { Scan } from "./engine.ts";
import type { Hydrate } from "./worker-process.ts";

/** Files that are asked at once for what a worker wants of them. */
const parallelFiles = 64;

/** Brings what a worker asks for to its files. */
export function hydrateIn(scans: readonly Scan[]): Hydrate {
  return async (reads) => {
    const missing = await mapBounded(
      reads,
      parallelFiles,
      async ({ table, file, offsets }) =>
        (await scans[table]?.files[file]?.hydrate?.(rangesOf(offsets))) ?? 0,
    );
    return missing.reduce((sum, count) => sum + count, 0);
  };
}

/** Pairs of offsets as ranges. */
export function rangesOf(offsets: readonly number[]): ByteRange[] {
  const ranges: ByteRange[] = [];
  for (let at = 0; at + 1 < offsets.length; at += 2) {
    ranges.push({ start: offsets[at] ?? 0, end: offsets[at + 1] ?? 0 });
  }
  return ranges;
}
