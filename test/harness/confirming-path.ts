import { type CallPath, type CallResult, callTool } from "../../src/core/call.ts";
import { confirmWrites } from "../../src/core/confirm-writes.ts";
import { confirmationRequestIn } from "../../src/core/confirmation-request.ts";
import { createMemoryWriteRecords } from "../../src/core/memory-write-records.ts";
import { localPrincipal, type Principal } from "../../src/core/principal.ts";
import { createRegistry } from "../../src/core/registry.ts";
import type { SealingKeys } from "../../src/core/seal.ts";
import { type Confirmation, type ParsedCall, unguarded } from "../../src/core/steps.ts";
import type { Services } from "../../src/core/tool.ts";
import type { WriteRecords } from "../../src/core/write-records.ts";
import { createSwitch } from "./switch-toolset.ts";

interface With {
  as?: Principal;
  /** Default: the tool that sets the switch. */
  name?: string;
  confirmation?: Confirmation;
  on?: CallPath;
}

/** A switch behind a call path that confirms, with a clock that stands until it is set. */
export function confirmingPath() {
  const clock = { nowMs: 1_000_000 };
  const now = () => clock.nowMs;
  const lamp = createSwitch();
  const intents: ParsedCall[] = [];
  /** `completed`, or the fault's code. */
  const outcomes: string[] = [];
  const pathOf = (records: WriteRecords, keys: SealingKeys = ["k".repeat(32)]): CallPath => ({
    registry: createRegistry([lamp.toolset]),
    steps: {
      ...unguarded,
      confirmer: confirmWrites({ keys, records, now }),
      auditor: {
        intent: async (call) => void intents.push(call),
        outcome: async (_call, outcome) =>
          void outcomes.push(outcome.kind === "completed" ? "completed" : outcome.fault.code),
      },
    },
    services: {} as Services,
    bounds: { maxBytes: 100_000, maxRows: 10 },
    timeoutMs: 10_000,
    now,
    newId: () => "id-1",
  });
  const calls = pathOf(createMemoryWriteRecords(now));
  const call = (args: Record<string, unknown>, given: With = {}) => {
    const { as = localPrincipal, name = "switch_set_position", confirmation, on = calls } = given;
    return callTool(on, { name, arguments: args, principal: as, confirmation });
  };
  /** The token of a planned call, by default of the one that sets the switch on. */
  const planned = async (args: Record<string, unknown> = { position: "on" }, given: With = {}) =>
    requestOf(await call(args, given)).confirmationToken;
  return { clock, now, lamp, intents, outcomes, pathOf, calls, call, planned };
}

/** What a result asks to be confirmed. Fails for one that asks for nothing. */
export function requestOf(result: CallResult) {
  const request = result.kind === "failed" ? confirmationRequestIn(result.fault.details) : undefined;
  if (!request) throw new Error(`No plan: ${JSON.stringify(result)}`);
  return request;
}
