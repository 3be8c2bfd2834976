import { Counter, Gauge, type Registry } from "prom-client";
import type { JournalCounts, MetricSources, SinkBacklog } from "./sources.ts";

/** The journal and what its sinks lack, when somebody reads. */
export function addAuditMetrics(registry: Registry, audit: NonNullable<MetricSources["audit"]>): void {
  addJournalMetrics(registry, audit.journal);
  addSinkMetrics(registry, audit.backlogs);
}

function addJournalMetrics(registry: Registry, journal: () => JournalCounts): void {
  const registers = [registry];
  const counter = (name: string, help: string, value: (counts: JournalCounts) => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value(journal()));
      },
    });
  counter(
    "sluice_audit_records_total",
    "Records made durable in the journal",
    ({ appendedRecords }) => appendedRecords,
  );
  counter(
    "sluice_audit_journal_write_failures_total",
    "Writes to the journal that failed",
    ({ failedWrites }) => failedWrites,
  );
  counter(
    "sluice_audit_records_dropped_total",
    "Records lost because the journal could not be written for too long",
    ({ droppedRecords }) => droppedRecords,
  );
  new Gauge({
    name: "sluice_audit_journal_writable",
    help: "1 while the journal can be written, 0 while writes are refused because it cannot",
    registers,
    collect() {
      this.set(journal().isWritable ? 1 : 0);
    },
  });
}

function addSinkMetrics(registry: Registry, backlogs: () => Promise<readonly SinkBacklog[]>): void {
  const shared = { labelNames: ["sink"], registers: [registry] };
  const gauge = (name: string, help: string, value: (backlog: SinkBacklog) => number) =>
    new Gauge({
      ...{ name, help, ...shared },
      async collect() {
        for (const backlog of await backlogs()) this.set({ sink: backlog.sink }, value(backlog));
      },
    });
  gauge("sluice_audit_backlog_records", "Records that a sink does not have yet", ({ records }) => records);
  gauge("sluice_audit_backlog_bytes", "Bytes of these records", ({ bytes }) => bytes);
  gauge(
    "sluice_audit_backlog_oldest_seconds",
    "Age of the oldest of these records",
    ({ oldestMs }) => oldestMs / 1000,
  );
  new Counter({
    name: "sluice_audit_relay_failures_total",
    help: "Failed attempts to bring records to a sink",
    ...shared,
    async collect() {
      const found = await backlogs();
      this.reset();
      for (const { sink, failures } of found) this.inc({ sink }, failures);
    },
  });
}
