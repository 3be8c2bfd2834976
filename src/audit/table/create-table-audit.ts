import { createAuditor } from "../auditor.ts";
import type { Audit, AuditOptions } from "../create-audit.ts";
import { atMost } from "../pause.ts";
import { createRefusedCallers } from "../refused-callers.ts";
import { createRefusedCalls } from "../refused-calls.ts";
import type { TableSettings } from "../settings.ts";
import { createAuditTable } from "./audit-table.ts";
import { createTableWriter } from "./table-writer.ts";

export interface TableAuditOptions extends Pick<AuditOptions, "log" | "now" | "newId"> {
  settings: TableSettings;
  /** How long a call waits for the table. Milliseconds. Default: 10 seconds. */
  waitMs?: number;
}

/** The audit of a process whose disk does not last: records lie in a table of DynamoDB. Connects with the first of them. */
export function createTableAudit({ settings, log, now, newId, waitMs = 10_000 }: TableAuditOptions): Audit {
  const writer = createTableWriter({
    table: createAuditTable(settings),
    retentionMs: settings.retentionDays * 86_400_000,
    ...{ log, now, newId },
  });
  const refusedCallers = createRefusedCallers({ journal: writer, log, now });
  const refusedCalls = createRefusedCalls({ writer, log, now });
  const advice = "look at the audit's table and the server's rights on it (setting audit.dynamodb)";
  return {
    auditor: createAuditor({ writer, refusedCalls, waitMs, now, place: "the audit table", advice }),
    callerRefused: refusedCallers.refused,
    backlogs: async () => [],
    journal: () => writer.counts(),
    flush: (withinMs) => atMost(withinMs, writer.drain()),
    async close() {
      refusedCallers.close();
      refusedCalls.close();
      await writer.close();
    },
  };
}
