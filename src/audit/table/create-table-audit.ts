import { openAnchors } from "../anchors/open-anchors.ts";
import { createAuditor } from "../auditor.ts";
import type { Audit, AuditOptions } from "../create-audit.ts";
import { atMost } from "../pause.ts";
import { createRefusedCallers } from "../refused-callers.ts";
import { createRefusedCalls } from "../refused-calls.ts";
import type { TableAuditSettings } from "../settings.ts";
import { createAuditTable } from "./audit-table.ts";
import { createTableAnchoring } from "./table-anchoring.ts";
import { createTableWriter } from "./table-writer.ts";

export interface TableAuditOptions extends Pick<AuditOptions, "log" | "out" | "now" | "newId"> {
  settings: TableAuditSettings;
  /** How long a call waits for the table. Milliseconds. Default: 10 seconds. */
  waitMs?: number;
}

/** The audit of a process whose disk does not last: records lie in a table of DynamoDB. Connects with the first of them. */
export function createTableAudit(options: TableAuditOptions): Audit {
  const { settings, log, out, now, newId, waitMs = 10_000 } = options;
  const { anchor, anchorEveryMs: everyMs, retentionDays } = settings;
  const anchoring = anchor && createTableAnchoring({ store: openAnchors(anchor), everyMs, log, now });
  const writer = createTableWriter({
    table: createAuditTable(settings),
    retentionMs: retentionDays * 86_400_000,
    ...{ log, now, newId },
    onPut(chain, record) {
      out?.(record.line);
      anchoring?.reached(chain, record);
    },
  });
  const refusedCallers = createRefusedCallers({ journal: writer, log, now });
  const refusedCalls = createRefusedCalls({ writer, log, now });
  const advice = "look at the audit's table and the server's rights on it (setting audit.dynamodb)";
  return {
    auditor: createAuditor({ writer, refusedCalls, waitMs, now, place: "the audit table", advice }),
    callerRefused: refusedCallers.refused,
    backlogs: async () => [],
    journal: () => writer.counts(),
    async flush(withinMs) {
      const endMs = now() + withinMs;
      await atMost(withinMs, writer.drain());
      await anchoring?.settled(endMs - now());
    },
    async close() {
      refusedCallers.close();
      refusedCalls.close();
      await writer.close();
      await anchoring?.close();
    },
  };
}
