import type { Log } from "../../telemetry/log.ts";
import type { JournalCounts } from "../journal/journal.ts";
import type { RecordFields } from "../record/record.ts";
import type { RecordWriter, Written } from "../record-writer.ts";
import { TableChain, type TableChainOptions } from "./table-chain.ts";
import { createTableHealth } from "./table-health.ts";

export interface TableWriterOptions
  extends Pick<TableChainOptions, "table" | "retentionMs" | "newId" | "onPut"> {
  log: Log;
  now(): number;
}

/** One after the other, records of a chain come at the pace of the table's answers: calls at once take several. */
const maxChains = 8;
const maxKept = 10_000;

export interface TableWriter extends RecordWriter {
  counts(): JournalCounts;
  /** Resolves when what waits is put, or cannot be now. */
  drain(): Promise<unknown>;
  /** Puts what waits, once more, and gives up what cannot be put. */
  close(): Promise<void>;
}

/** Writes records into a table, through as many chains as are busy at once. */
export function createTableWriter(options: TableWriterOptions): TableWriter {
  const { table, log, now } = options;
  const chains: TableChain[] = [];
  const waitingCount = () => chains.reduce((sum, chain) => sum + chain.waitingCount, 0);
  /** Since the last gap that is on record. */
  let droppedCount = 0;
  let droppedRecords = 0;
  const drain = () => Promise.all(chains.map((chain) => chain.drain()));
  const health = createTableHealth({
    log,
    now,
    table: table.name,
    retry: () => void drain(),
    recovered() {
      if (droppedCount === 0) return;
      const gap = { kind: "gap" as const, time: new Date(now()).toISOString(), droppedRecords: droppedCount };
      droppedCount = 0;
      void pick().append(gap, true);
    },
  });
  const onTaken = (chain: string) =>
    log.error("audit chain is written by another process too", { table: table.name, chain });
  function pick(): TableChain {
    const [least] = chains.toSorted((a, b) => a.waitingCount - b.waitingCount);
    if (least && (least.waitingCount === 0 || chains.length >= maxChains)) return least;
    const chain = new TableChain({ ...options, health, onTaken });
    chains.push(chain);
    return chain;
  }
  return {
    async require(fields: RecordFields) {
      await pick().append(fields, false);
    },
    async keep(fields: RecordFields): Promise<Written> {
      if (waitingCount() < maxKept) return pick().append(fields, true);
      droppedCount++;
      droppedRecords++;
      return "held";
    },
    counts: () => ({ ...health.counts(), droppedRecords, waitingRecords: waitingCount() }),
    drain,
    async close() {
      health.stop();
      await drain();
      if (waitingCount() > 0) log.error("audit records lost", { table: table.name, records: waitingCount() });
      await table.close();
    },
  };
}
