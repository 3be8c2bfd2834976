import { expect, test } from "vitest";
import { call, pathWith, tool } from "../../test/harness/call-path.ts";
import { ToolError } from "./errors.ts";
import { type CallSteps, type Observer, type StepFault, unguarded } from "./steps.ts";

test("an intent that cannot be recorded stops the call before its handler", async () => {
  const auditor = {
    ...unguarded.auditor,
    intent: async () => {
      throw new ToolError("unavailable", "The journal cannot be written.");
    },
  };
  let ran = false;
  const spy = tool("test_say_word", {
    handle: async () => {
      ran = true;
      return { said: "" };
    },
  });
  const result = await call(pathWith([spy], { steps: { ...unguarded, auditor } }), "test_say_word");
  expect(result).toMatchObject({ fault: { code: "unavailable" } });
  expect(ran).toBe(false);
});

/** Steps whose observer keeps what it is told, but for those given. */
function watchedSteps(overrides: Partial<CallSteps>) {
  const stepFaults: StepFault[] = [];
  const observer = { finished: () => {}, stepFailed: (fault: StepFault) => stepFaults.push(fault) };
  return { steps: { ...unguarded, observer, ...overrides }, stepFaults };
}

const broken = new Error("The journal's disk is full.");

test.each(["read", "write"] as const)(
  "the answer of a %s stands though its outcome cannot be recorded, and the observer is told",
  async (effect) => {
    const auditor = { ...unguarded.auditor, outcome: () => Promise.reject(broken) };
    const confirmer = { confirm: async () => ({}) };
    const { steps, stepFaults } = watchedSteps({ auditor, confirmer });
    const path = pathWith([tool("test_say_word", { effect })], { steps });
    expect(await call(path, "test_say_word")).toMatchObject({ kind: "completed", output: { said: "hello" } });
    expect(stepFaults).toMatchObject([{ step: "auditor", thrown: broken, call: { correlationId: "id-1" } }]);
  },
);

test("a place that cannot be given back leaves the answer as it is, and the observer is told", async () => {
  const limiter = {
    admit: async () => () => {
      throw broken;
    },
  };
  const { steps, stepFaults } = watchedSteps({ limiter });
  const result = await call(pathWith([tool("test_say_word")], { steps }), "test_say_word");
  expect(result).toMatchObject({ kind: "completed" });
  expect(stepFaults).toMatchObject([{ step: "limiter", thrown: broken }]);
});

test("a policy that fails to say who may see a tool fails the call, and suggests nothing", async () => {
  const visible = () => {
    throw broken;
  };
  const { steps, stepFaults } = watchedSteps({ policy: { ...unguarded.policy, visible } });
  const path = pathWith([tool("test_say_word")], { steps });
  expect(await call(path, "test_say_word")).toMatchObject({ kind: "failed", fault: { code: "internal" } });
  expect(await call(path, "test_say_wrod")).toEqual({ kind: "unknown_tool", name: "test_say_wrod" });
  expect(stepFaults).toEqual([{ step: "policy", thrown: broken }]);
});

test("an observer that throws breaks no call", async () => {
  const fail = () => {
    throw broken;
  };
  const auditor = { ...unguarded.auditor, outcome: () => Promise.reject(broken) };
  const steps = { ...unguarded, auditor, observer: { finished: fail, stepFailed: fail } };
  const result = await call(pathWith([tool("test_say_word")], { steps }), "test_say_word");
  expect(result).toMatchObject({ kind: "completed" });
});

/** What may go wrong around a call: before its work, after it, in place of it, and with its answer. */
const faultyArounds: [string, NonNullable<Observer["around"]>][] = [
  [
    "throws at once",
    () => {
      throw broken;
    },
  ],
  ["rejects before the work", () => Promise.reject(broken)],
  [
    "throws after the work",
    async (_, work) => {
      await work();
      throw broken;
    },
  ],
  [
    "throws while the work runs",
    async (_, work) => {
      void work();
      throw broken;
    },
  ],
  [
    "runs the work twice",
    async (_, work) => {
      await work();
      return work();
    },
  ],
  ["never runs the work", async () => undefined as never],
  [
    "answers something else",
    async (_, work) => {
      await work();
      return "nothing" as never;
    },
  ],
];

test.each(faultyArounds)(
  "an observer that %s around a call leaves it as it is, done once",
  async (_, around) => {
    let ran = 0;
    const finished: string[] = [];
    const counted = tool("test_say_word", {
      async handle() {
        ran++;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { said: "once" };
      },
    });
    const observer: Observer = {
      ...unguarded.observer,
      around,
      finished: (...told) => finished.push(told[1].kind),
    };
    const path = pathWith([counted], { steps: { ...unguarded, observer } });
    expect(await call(path, "test_say_word")).toMatchObject({ kind: "completed", output: { said: "once" } });
    expect([ran, finished]).toEqual([1, ["completed"]]);
  },
);

test("a handler gets only the time its call has left after it waited for a place", async () => {
  let clockMs = 1_000;
  const waited = (waitMs: number) => ({
    admit: async () => {
      clockMs += waitMs;
      return () => {};
    },
  });
  let began = 0;
  const slow = tool("test_be_slow", {
    handle: () => {
      began++;
      return new Promise(() => {});
    },
  });
  const after = (waitMs: number) =>
    pathWith([slow], {
      steps: { ...unguarded, limiter: waited(waitMs) },
      timeoutMs: 60_000,
      now: () => clockMs,
    });
  const timeout = { fault: { code: "timeout", message: expect.stringContaining("60000 ms") } };
  expect(await call(after(59_950), "test_be_slow")).toMatchObject(timeout);
  expect(began).toBe(1);
  expect(await call(after(60_000), "test_be_slow")).toMatchObject(timeout);
  expect(began).toBe(1);
});
