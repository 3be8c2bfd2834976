import { expect, test, vi } from "vitest";
import { tool } from "../../../test/harness/call-path.ts";
import { testCalls } from "../../../test/harness/calls.ts";
import { localPrincipal } from "../../core/principal.ts";
import { unguarded } from "../../core/steps.ts";
import type { ServingUnit } from "../unit.ts";
import { resumedWork } from "./resumed-work.ts";

const waiting = tool("test_wait", { handle: () => new Promise(() => {}) });
const calls = testCalls([{ name: "test", title: "Test", tools: [tool("test_say_word"), waiting] }]);

/** What serves somebody who has these rights now, and sees the tool or not. */
function serving(rights: string, isSeen = true): ServingUnit {
  const policy = { ...unguarded.policy, visible: () => isSeen, rightsOf: () => rights };
  const unit = { era: "modern", principal: localPrincipal, tasks: { timeoutMs: 1_000 } };
  return { ...unit, calls: { ...calls, steps: { ...unguarded, policy } } } as unknown as ServingUnit;
}

const sealed = {
  owner: "local",
  rights: "half",
  name: "test_say_word",
  arguments: {},
  correlationId: "c",
  work: { system: "athena", id: "1", notes: [] },
  createdMs: 1,
  ttlMs: 2,
};

test.each<[string, ServingUnit, boolean]>([
  ["the same rights", serving("half"), true],
  ["other rights", serving("whole"), false],
  ["a tool that is hidden by now", serving("half", false), false],
])("a call of another process is taken up by whoever has %s: %#", (_, unit, isTakenUp) => {
  expect(resumedWork(unit, sealed) !== undefined).toBe(isTakenUp);
});

test("one that runs out of time names the setting's value, not what was left of it", async () => {
  vi.useFakeTimers();
  try {
    const work = resumedWork(serving("half"), { ...sealed, name: "test_wait" });
    const ended = work?.run(new AbortController().signal, { progress() {}, outside: undefined } as never);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(JSON.stringify(await ended)).toContain(
      "stopped after 30000 ms here, waiting included: it had no more of tasks.timeoutMs (1000 ms), which counts from its beginning.",
    );
  } finally {
    vi.useRealTimers();
  }
});
