import type { ByteRange } from "../cache/cache.ts";
import type { Scan } from "./engine.ts";
import type { Hydrate } from "./worker-process.ts";

/** Brings what a worker asks for to its files. */
export function hydrateIn(scans: readonly Scan[]): Hydrate {
  return async (reads) => {
    const missing = await Promise.all(
      reads.map(({ table, file, offsets }) => scans[table]?.files[file]?.hydrate?.(rangesOf(offsets)) ?? 0),
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
