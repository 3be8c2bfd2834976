import { ToolError } from "../core/errors.ts";
import { type GatheredRefusals, refusedAsUnknown, refusedCall } from "../core/gathered-refusals.ts";
import { inTime } from "../core/in-time.ts";
import { ServiceCallLedger, takeDownServiceCalls } from "../core/service-calls.ts";
import type { Auditor, Call, Outcome, ParsedCall } from "../core/steps.ts";
import { argumentsOf, refusedFields, resultOf, unknownFields, whoAndWhat } from "./record/call-fields.ts";
import type { RecordFields } from "./record/record.ts";
import type { RecordWriter } from "./record-writer.ts";

export interface AuditorOptions {
  writer: RecordWriter;
  refusedCalls: Pick<GatheredRefusals, "isGathered">;
  /** How long a call waits for a disk or a table that does not answer. Milliseconds. */
  waitMs: number;
  /** Where records go, and what an operator does where they cannot: for callers whose writes are refused. */
  place: string;
  advice: string;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * Records calls. A write acts only after its intent is durable; a read changes nothing and has none. A
 * call is answered after its outcome is durable, but for the time that nothing can be written: then reads go on and
 * their records are kept for later, while writes are refused with `unavailable`. Of calls that were refused before they could
 * act, many are gathered into one record.
 */
export function createAuditor(options: AuditorOptions): Auditor {
  const { writer, refusedCalls, waitMs, now } = options;
  /** What both records of a write say of it, from its intent on record to its outcome. */
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
      if (call.tool.effect === "read") return;
      const about = whoAndWhat(call);
      const fields = {
        kind: "intent" as const,
        time: time(),
        ...about,
        ...argumentsOf(call, ledgers.get(call)),
      };
      await within(waitMs, writer.require(fields)).catch((cause: unknown) => {
        throw refusal(call, options, cause);
      });
      intended.set(call.id, about);
    },

    async outcome(call: Call, outcome: Outcome, durationMs: number) {
      const refused = refusedCall(call, outcome);
      if (refused && refusedCalls.isGathered(refused)) return;
      const made = ledgers.get(call);
      const about = intended.get(call.id);
      intended.delete(call.id);
      const fields: RecordFields = {
        kind: "outcome",
        time: time(),
        // A read, and a write that never came to its intent, have their arguments here, or nowhere.
        ...(about ?? { ...whoAndWhat(call), ...argumentsOf(call, made) }),
        ...resultOf(outcome, durationMs, made),
      };
      await within(call.tool.effect === "read" ? Math.min(waitMs, readWaitMs) : waitMs, writer.keep(fields));
    },

    ...besideCalls(options, time),
  };
}

/** Of what came to no tool. */
function besideCalls(
  { writer, refusedCalls, waitMs }: AuditorOptions,
  time: () => string,
): Required<Pick<Auditor, "unknown" | "refused">> {
  const keep = (fields: Record<string, unknown>) =>
    within(Math.min(waitMs, readWaitMs), writer.keep({ kind: "outcome", time: time(), ...fields }));
  return {
    async unknown(call, durationMs) {
      if (refusedCalls.isGathered(refusedAsUnknown(call))) return;
      await keep(unknownFields(call, durationMs));
    },
    async refused(request) {
      const { principal, code } = request;
      if (refusedCalls.isGathered({ principal, result: code })) return;
      await keep(refusedFields(request));
    },
  };
}

/** Reads are to go on though the disk hangs, and not to crawl. */
const readWaitMs = 1_000;

/** Rejects when what records are written to hangs. What was handed over may become durable later all the same. */
function within<T>(ms: number, writing: Promise<T>): Promise<T> {
  return inTime(writing, ms, () => new Error(`The audit did not answer within ${ms} ms.`));
}

function refusal({ tool }: ParsedCall, { place, advice }: AuditorOptions, cause: unknown): ToolError {
  return new ToolError(
    "unavailable",
    `${tool.name} was not run: it changes things, and ${place} that must record it first cannot be written. Reads go on. Ask the operator to ${advice}, then call again.`,
    { cause },
  );
}
