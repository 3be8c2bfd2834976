import type { ServiceTarget } from "../../core/service-guard.ts";

/** Records that a sink does not have yet. */
export interface SinkBacklog {
  sink: string;
  records: number;
  /** Of the journal. */
  bytes: number;
  /** Age of the oldest. 0 where there is none. Milliseconds. */
  oldestMs: number;
  /** Failed attempts since the process began. */
  failures: number;
}

/** What the audit's journal did since its process began. */
export interface JournalCounts {
  appendedRecords: number;
  failedWrites: number;
  droppedRecords: number;
  /** Whether it could be written when it was last tried. */
  isWritable: boolean;
}

/** What is looked at when somebody reads the metrics, and costs calls nothing. */
export interface MetricSources {
  places(): { taken: number; waiting: number };
  breakers(): readonly (ServiceTarget & { state: string })[];
  cache(): { usedBytes: number; maxBytes: number };
  audit?: { journal(): JournalCounts; backlogs(): Promise<readonly SinkBacklog[]> };
}
