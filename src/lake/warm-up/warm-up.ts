import { setTimeout as sleep } from "node:timers/promises";
import { readParquetFooter } from "../formats/parquet-footer.ts";
import type { LakeSettings } from "../settings.ts";
import type { LocalSqlEngine } from "../sql/create-sql-engine.ts";
import { loadS3Client } from "../stores/s3-clients.ts";
import { sampleParquet } from "./sample-parquet.ts";

export interface WarmUpTime {
  afterMs: number;
  signal: AbortSignal;
}

/** What is ready sooner, or comes first, is not to wait for what only makes some calls quicker. */
const restMs = 1_000;
/** V8 compiles what has run often. Calls that come meanwhile wait for one of many short turns. */
const [turns, rowGroups, pauseMs] = [40, 12, 5];

/**
 * Does what the first calls would wait for: starts query workers, loads the AWS SDK, and runs what reads footers. Keeps no
 * process alive, and ends early once `signal` is aborted. Never rejects: what fails, the call says that needs it.
 */
export async function warmUp(
  engine: LocalSqlEngine,
  { buckets }: LakeSettings,
  when: WarmUpTime,
): Promise<void> {
  const pause = (ms: number) => sleep(ms, undefined, { ref: false, signal: when.signal });
  try {
    await pause(when.afterMs);
    engine.prewarm();
    if (buckets.length > 0) await loadS3Client();
    await pause(restMs);
    const file = sampleParquet(rowGroups);
    for (let turn = 0; turn < turns; turn++) {
      await readParquetFooter(async (start, end) => file.subarray(start, end), file.length);
      await pause(pauseMs);
    }
  } catch {}
}
