import { setTimeout as sleep } from "node:timers/promises";
import { readParquetFooter } from "../formats/parquet-footer.ts";
import type { LakeSettings } from "../settings.ts";
import type { LocalSqlEngine } from "../sql/create-sql-engine.ts";
import { loadS3Client } from "../stores/s3-clients.ts";
import { sampleParquet } from "./sample-parquet.ts";

/**
 * Does what the first calls would wait for: starts query workers, loads the AWS SDK, and runs what reads footers. Keeps no
 * process alive; ends early once `signal` is aborted.
 */
export async function warmUp(
  engine: LocalSqlEngine,
  { buckets }: LakeSettings,
  when: WarmUpTime,
): Promise<void> {
  const { afterMs, signal } = when;
  try {
    await sleep(afterMs, undefined, { ref: false, signal });
    engine.prewarm();
    if (buckets.length > 0) void loadS3Client();
    await runFooterReader(signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

export interface WarmUpTime {
  afterMs: number;
  signal: AbortSignal;
}

/**
 * V8 compiles what has run often: until then a large footer takes ten times as long. Calls that come meanwhile wait for one of
 * many short turns.
 */
const [turns, rowGroups, pauseMs] = [40, 12, 5];

async function runFooterReader(signal: AbortSignal): Promise<void> {
  const file = sampleParquet(rowGroups);
  for (let turn = 0; turn < turns; turn++) {
    await readParquetFooter(async (start, end) => file.subarray(start, end), file.length);
    await sleep(pauseMs, undefined, { ref: false, signal });
  }
}
