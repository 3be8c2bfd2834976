import { tidyRanges } from "../cache/byte-ranges.ts";
import type { ByteRange } from "../cache/cache.ts";
import { RecentMap } from "../recent-map.ts";
import type { PlanRequest, Scan } from "./engine.ts";
import { rangesOf } from "./hydrate-files.ts";
import type { FileReads, KnownReading, RunReply } from "./protocol.ts";
import { digestOf, hasVersions, scansOf } from "./scan-identity.ts";
import type { Hydrate } from "./worker-process.ts";

/** What a statement read of its files when it last ran over the same versions of them. */
interface KnownPlan extends KnownReading {
  reads: readonly FileReads[];
}

/** Ranges and files of all plans that are remembered: some 20 MB. */
const rememberedRanges = 200_000;

/** Spares a statement that comes again its planning. What it reads is verified all the same. */
export class KnownPlans {
  private readonly plans = new RecentMap<KnownPlan>(
    rememberedRanges,
    ({ reads, rows = [] }) =>
      reads.reduce((sum, { offsets }) => sum + 1 + offsets.length / 2, 1) +
      rows.reduce((sum, { rows }) => sum + 1 + rows.length, 0),
  );

  /** Undefined where a file's version is not known, so that nothing can be kept for it. */
  keyOf({ sql, tables }: PlanRequest): string | undefined {
    const scans = scansOf(tables);
    if (!scans.some(isSparse) || !scans.every(hasVersions)) return undefined;
    return digestOf(tables, sql);
  }

  find(key: string | undefined): KnownPlan | undefined {
    return key === undefined ? undefined : this.plans.get(key);
  }

  /** Passes on to `hydrate`, and notes what was asked for; `keep` remembers it. */
  noting(hydrate: Hydrate): { hydrate: Hydrate; keep(key: string | undefined, reply: RunReply): void } {
    const noted = new Map<string, { table: number; file: number; ranges: ByteRange[] }>();
    return {
      hydrate: async (reads, isCheck) => {
        const missing = await hydrate(reads, isCheck);
        if (isCheck && missing === 0) return missing;
        for (const { table, file, offsets } of reads) {
          const key = `${table}/${file}`;
          const known = noted.get(key) ?? { table, file, ranges: [] };
          noted.set(key, known);
          known.ranges = tidyRanges([...known.ranges, ...rangesOf(offsets)], Number.MAX_SAFE_INTEGER);
        }
        return missing;
      },
      keep: (key, { isLimited, rows }) => {
        if (key === undefined) return;
        const reads = [...noted.values()].map(({ table, file, ranges }) => ({
          table,
          file,
          offsets: ranges.flatMap(({ start, end }) => [start, end]),
        }));
        this.plans.set(key, { reads, isLimited, rows });
      },
    };
  }
}

function isSparse({ files }: Scan): boolean {
  return files.some(({ hydrate }) => hydrate !== undefined);
}
