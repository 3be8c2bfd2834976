import { jsonDigest } from "../../core/digest.ts";
import { RecentMap } from "../recent-map.ts";
import type { PlanRequest, Scan } from "./engine.ts";
import type { FileReads, KnownReading, RunReply } from "./protocol.ts";
import type { Hydrate } from "./worker-process.ts";

/** What a statement read of its files when it last ran over the same versions of them. */
interface KnownPlan extends KnownReading {
  reads: readonly FileReads[];
}

const rememberedPlans = 1_000;
/** Plans with more ranges than this are made anew each time. */
const maxRanges = 20_000;

/** Spares a statement that comes again its planning. What it reads is verified all the same. */
export class KnownPlans {
  private readonly plans = new RecentMap<KnownPlan>(rememberedPlans);

  /** Undefined where a file's version is not known, so that nothing can be kept for it. */
  keyOf({ sql, tables }: PlanRequest): string | undefined {
    const scans = [...new Set(tables.map(({ scan }) => scan))];
    if (!scans.some(isSparse) || !scans.every(hasVersions)) return undefined;
    const named = tables.map(({ name, scan }) => [name, scans.indexOf(scan)]);
    return jsonDigest([sql, named, scans.map(identityOf)], { encoding: "base64url", length: 32 });
  }

  find(key: string | undefined): KnownPlan | undefined {
    return key === undefined ? undefined : this.plans.get(key);
  }

  /** Passes on to `hydrate`, and notes what was asked for; `keep` remembers it. */
  noting(hydrate: Hydrate): { hydrate: Hydrate; keep(key: string | undefined, reply: RunReply): void } {
    const noted: FileReads[] = [];
    let ranges = 0;
    return {
      hydrate: async (reads, isCheck) => {
        const missing = await hydrate(reads, isCheck);
        if (!isCheck || missing > 0) {
          noted.push(...reads);
          ranges += reads.reduce((sum, { offsets }) => sum + offsets.length / 2, 0);
        }
        return missing;
      },
      keep: (key, { isLimited }) => {
        if (key !== undefined && ranges <= maxRanges) this.plans.set(key, { reads: noted, isLimited });
      },
    };
  }
}

function isSparse({ files }: Scan): boolean {
  return files.some(({ hydrate }) => hydrate !== undefined);
}

function hasVersions({ files }: Scan): boolean {
  return files.every(({ version }) => version !== undefined);
}

function identityOf({ files, ...scan }: Scan): unknown {
  return [scan, files.map(({ uri, version, partition }) => [uri, version, partition])];
}
