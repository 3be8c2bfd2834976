import { expect, test } from "vitest";
import { localPrincipal } from "../core/principal.ts";
import { createRefusedCallers } from "./refused-callers.ts";
import { createRefusedCalls } from "./refused-calls.ts";

const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

test.each([-20, 20])(
  "a minute of refusals is a minute though the clock is set by %d minutes",
  (setMinutes) => {
    let [nowMs, elapsedMs] = [Date.UTC(2026, 10, 1), 0];
    const kept: { kind?: string; leftOut?: number; time?: string }[] = [];
    const writer = {
      keep: async (fields: object) => {
        kept.push(fields);
        return "durable" as const;
      },
    };
    const clocks = { log: quiet, now: () => nowMs, elapsedMs: () => elapsedMs };
    const calls = createRefusedCalls({ writer, ...clocks });
    const callers = createRefusedCallers({ journal: writer, ...clocks });
    const caller = {
      kind: "invalid",
      reason: "expired",
      method: "POST",
      path: "/mcp",
      correlationId: "id-1",
    };
    let own = 0;
    const refuse = () => {
      for (let index = 0; index < 30; index++) {
        callers.refused(caller);
        if (!calls.isGathered({ principal: localPrincipal, result: "denied" })) own++;
      }
    };
    refuse();
    nowMs += setMinutes * 60_000;
    elapsedMs += 30_000;
    refuse();
    expect([own, kept.length]).toEqual([10, 10]);
    elapsedMs += 30_000;
    refuse();
    // Ten more of each, and what of the first minute was only counted, by the time that the clock says now.
    expect(own).toBe(20);
    expect(kept).toHaveLength(22);
    const counted = kept.filter(({ leftOut }) => leftOut === 50);
    expect(counted.map(({ time }) => time)).toEqual(Array(2).fill(new Date(nowMs).toISOString()));
    calls.close();
    callers.close();
  },
);
