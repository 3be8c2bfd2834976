import { ToolError } from "../core/errors.ts";
import { ServiceCallLedger, takeDownServiceCalls } from "../core/service-calls.ts";
import type { Auditor, Call, Outcome, ParsedCall } from "../core/steps.ts";
import type { Log } from "../telemetry/log.ts";
import type { Journal } from "./journal/journal.ts";
import { argumentsOf, resultOf, unknownFields, whoAndWhat } from "./record/call-fields.ts";
import type { RecordFields } from "./record/record.ts";

export interface AuditorOptions {
  journal: Journal;
  log: Log;
  /** How long a call waits for a disk that does not answer. Milliseconds. */
  waitMs: number;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * Records calls in a journal. A write acts only after its intent is durable; a read does not wait for its intent. A
 * call is answered after its outcome is durable, but for the time the journal cannot be written: then reads go on and
 * their records are kept for later, while writes are refused with `unavailable`.
 */
export function createAuditor({ journal, log, waitMs, now }: AuditorOptions): Auditor {
  /** What both records of a call say of it, from its intent on record to its outcome. */
  const intended = new Map<string, ReturnType<typeof whoAndWhat>>();
  /** What calls under way ask services. */
  const ledgers = new WeakMap<Call, ServiceCallLedger>();
  const time = () => new Date(now()).toISOString();

  return {
    watch(call, work) {
      const ledger = new ServiceCallLedger();
      ledgers.set(call, ledger);
      return takeDownServiceCalls(ledger, work);
    },

    async intent(call: ParsedCall) {
      const about = whoAndWhat(call);
      const fields = { kind: "intent" as const, time: time(), ...about, ...argumentsOf(call) };
      if (call.tool.effect === "read") {
        journal
          .keep(fields)
          .catch((error: unknown) => log.error("audit record lost", { error, call: call.id }));
        intended.set(call.id, about);
        return;
      }
      const required = journal.require(fields);
      await within(waitMs, required).catch((cause: unknown) => {
        throw refusal(call, cause);
      });
      intended.set(call.id, about);
    },

    async outcome(call: Call, outcome: Outcome, durationMs: number) {
      const about = intended.get(call.id);
      intended.delete(call.id);
      const fields: RecordFields = {
        kind: "outcome",
        time: time(),
        // A call that never came to its intent has its arguments here, or nowhere.
        ...(about ?? { ...whoAndWhat(call), ...argumentsOf(call) }),
        ...resultOf(outcome, durationMs, ledgers.get(call)),
      };
      await within(call.tool.effect === "read" ? Math.min(waitMs, readWaitMs) : waitMs, journal.keep(fields));
    },

    async unknown(call, durationMs) {
      const fields: RecordFields = { kind: "outcome", time: time(), ...unknownFields(call, durationMs) };
      await within(Math.min(waitMs, readWaitMs), journal.keep(fields));
    },
  };
}

/** Reads are to go on though the disk hangs, and not to crawl. */
const readWaitMs = 1_000;

/** Rejects when a journal's disk hangs. What was handed over may become durable later all the same. */
function within<T>(ms: number, writing: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`The audit journal did not answer within ${ms} ms.`));
    const timer = setTimeout(late, ms);
    writing.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function refusal({ tool }: ParsedCall, cause: unknown): ToolError {
  return new ToolError(
    "unavailable",
    `${tool.name} was not run: it changes things, and the audit journal that must record it first cannot be written. Reads go on. Ask the operator to look at the disk of the journal (setting audit.journalDir), then call again.`,
    { cause },
  );
}
