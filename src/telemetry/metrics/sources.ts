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

/** The block cache: what it takes on disk, and what it did since its process began. */
export interface CacheUse {
  usedBytes: number;
  maxBytes: number;
  objectHits: number;
  objectMisses: number;
  derivedHits: number;
  derivedMisses: number;
  fetchedBytes: number;
  evictions: number;
  evictedBytes: number;
}

/** What is looked at when somebody reads the metrics, and costs calls nothing. */
export interface MetricSources {
  places(): { taken: number; waiting: number; streams: number };
  breakers(): readonly (ServiceTarget & { state: string })[];
  cache(): CacheUse;
  audit?: { journal(): JournalCounts; backlogs(): Promise<readonly SinkBacklog[]> };
}
