import { type CallPath, type CallResult, callTool } from "../../src/core/call.ts";
import { ToolError } from "../../src/core/errors.ts";
import { localPrincipal, type Principal } from "../../src/core/principal.ts";
import { unguarded } from "../../src/core/steps.ts";
import { createLimiter } from "../../src/limits/create-limiter.ts";
import type { LimitSettings } from "../../src/limits/settings.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import type { StateStore } from "../../src/state/store.ts";
import { pathWith, tool } from "./call-path.ts";

export const noonMs = Date.UTC(2026, 10, 25, 12);
export const midnightMs = Date.UTC(2026, 10, 26);

/** A server with limits, and a clock that stands still. */
export interface Limited {
  path: CallPath;
  clock: { nowMs: number };
  /** Code of the fault, or `ok`. */
  call(principal?: Principal, name?: string, args?: unknown): Promise<string>;
  result(principal?: Principal, name?: string, args?: unknown): Promise<CallResult>;
}

/** The bounds a server has by default. */
export const usualLimits: LimitSettings = {
  ratePerSecond: 10,
  burst: 5,
  perDay: 1_000,
  overrides: [],
  tenantTotals: [],
  local: { rate: false, perDay: false, streams: false },
  concurrency: 100,
  queue: 200,
  queueMs: 1_000,
  streams: 1_000,
  streamsPerPrincipal: 16,
};

export const anna: Principal = { ...localPrincipal, id: "anna", tenantId: "acme", via: "api_key" };
export const bert: Principal = { ...anna, id: "bert" };

export function limited(
  settings: Partial<LimitSettings> = {},
  store?: StateStore,
  clock: { nowMs: number } = { nowMs: noonMs },
): Limited {
  const now = () => clock.nowMs;
  const limiter = createLimiter(
    { ...usualLimits, ...settings },
    { store: store ?? new MemoryStore({ now }), now },
  );
  const failing = tool("test_fail", {
    handle: async () => {
      throw new ToolError("not_found", "Nothing.");
    },
  });
  const path = pathWith([tool("test_say_word"), failing], { steps: { ...unguarded, limiter }, now });
  const result: Limited["result"] = (principal = anna, name = "test_say_word", args = {}) =>
    callTool(path, { name, arguments: args, principal });
  return {
    path,
    clock,
    result,
    async call(...args) {
      const answer = await result(...args);
      return answer.kind === "failed" ? answer.fault.code : answer.kind;
    },
  };
}

/** How many of this many calls at once were let in. */
export async function letIn(
  { call }: Limited,
  calls: number,
  principal = anna,
  name?: string,
): Promise<number> {
  const codes = await Promise.all(Array.from({ length: calls }, () => call(principal, name)));
  return codes.filter((code) => code !== "throttled" && code !== "unavailable").length;
}
