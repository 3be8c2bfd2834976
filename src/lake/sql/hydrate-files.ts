import type { ByteRange } from "../cache/cache.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import type { Scan } from "./engine.ts";
import type { Hydrate } from "./worker-process.ts";

/** Files that are asked at once for what a worker wants of them. */
const parallelFiles = 64;

/** Brings what a worker asks for to its files, until `signal` aborts. All of it is counted before any is fetched. */
export function hydrateIn(scans: readonly Scan[], signal: AbortSignal): Hydrate {
  return async (reads, isCheck) => {
    const asked = reads.flatMap(
      ({ table, file, offsets }) => scans[table]?.files[file]?.hydrate?.(rangesOf(offsets), isCheck) ?? [],
    );
    const missing = await mapBounded(asked, parallelFiles, ({ fetch }) => fetch(signal));
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
