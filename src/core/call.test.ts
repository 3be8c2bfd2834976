import { expect, test } from "vitest";
import { z } from "zod";
import { call, pathWith, tool } from "../../test/harness/call-path.ts";
import { ToolError } from "./errors.ts";
import { pageOut } from "./results.ts";
import { type CallSteps, type Outcome, unguarded } from "./steps.ts";

test("a call answers with the handler's output and its own correlation id", async () => {
  const result = await call(pathWith([tool("test_say_word")]), "test_say_word", { word: "hi" });
  expect(result).toMatchObject({
    kind: "completed",
    output: { said: "hi" },
    correlationId: "id-1",
    durationMs: 2,
  });
});

test("an unknown name is answered with the nearest known one", async () => {
  const result = await call(pathWith([tool("test_say_word")]), "test_say_wrod");
  expect(result).toEqual({ kind: "unknown_tool", name: "test_say_wrod", suggestion: "test_say_word" });
});

test("a tool the policy hides is answered like one that does not exist, and never suggested", async () => {
  const policy = { visible: () => false, authorize: async () => {} };
  const path = pathWith([tool("test_say_word")], { steps: { ...unguarded, policy } });
  expect(await call(path, "test_say_word")).toEqual({ kind: "unknown_tool", name: "test_say_word" });
});

test.each([
  ["a wrong type", { word: 7 }, /word: Invalid input/],
  ["a number over its bound", { times: 9 }, /times: Too big/],
  ["a mistyped argument", { wrod: "x" }, /unknown argument "wrod" \(did you mean "word"\?\)/],
  ["no object at all", "word", /expected object/],
  ["a prototype as argument", JSON.parse('{"__proto__": {"word": "x"}}'), /unknown argument "__proto__"/],
])("%s is refused before the handler runs", async (_, args, message) => {
  let ran = false;
  const spy = tool("test_say_word", {
    handle: async () => {
      ran = true;
      return { said: "" };
    },
  });
  const result = await call(pathWith([spy]), "test_say_word", args);
  expect(result).toMatchObject({ kind: "failed", fault: { code: "invalid_input", retryable: false } });
  expect(result.kind === "failed" && result.fault.message).toMatch(message);
  expect(ran).toBe(false);
});

test("an alias takes the old arguments and answers as the tool it stands for", async () => {
  const renamed = tool("test_say_word", {
    aliases: [
      { name: "say", input: z.strictObject({ text: z.string() }), toInput: ({ text }) => ({ word: text }) },
    ],
  });
  const result = await call(pathWith([renamed]), "say", { text: "old" });
  expect(result).toMatchObject({
    kind: "completed",
    output: { said: "old" },
    tool: { name: "test_say_word" },
  });
});

test("what a handler throws on purpose reaches the caller; anything else says nothing of itself", async () => {
  const path = pathWith([
    tool("test_throw_typed", {
      handle: async () => {
        throw new ToolError("throttled", "Wait a second.", { details: { retryAfterMs: 1000 } });
      },
    }),
    tool("test_throw_secret", {
      handle: async () => {
        throw new Error("password=hunter2 at /srv/app");
      },
    }),
  ]);
  expect(await call(path, "test_throw_typed")).toMatchObject({
    fault: { code: "throttled", message: "Wait a second.", retryable: true, details: { retryAfterMs: 1000 } },
  });
  const hidden = await call(path, "test_throw_secret");
  expect(hidden).toMatchObject({ fault: { code: "internal", correlationId: "id-1" } });
  expect(JSON.stringify(hidden.kind === "failed" && hidden.fault)).not.toMatch(/hunter2|srv/);
});

test("a handler past its deadline is told to stop, and the caller gets a timeout", async () => {
  let stopped: unknown;
  const slow = tool("test_be_slow", {
    handle: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          stopped = signal.reason;
          reject(new Error("AbortError of some library"));
        });
      }),
  });
  const result = await call(pathWith([slow], { timeoutMs: 20 }), "test_be_slow");
  expect(result).toMatchObject({
    fault: {
      code: "timeout",
      message: expect.stringContaining("stopped after 20 ms, waiting included, as calls.timeoutMs has it"),
      details: { timeoutMs: 20, setting: "calls.timeoutMs" },
    },
  });
  expect(stopped).toBeInstanceOf(ToolError);
});

test("a call whose process ends before its setting does is told what ended it, however long it waited for its turn", async () => {
  const deaf = tool("test_be_deaf", { handle: () => new Promise(() => {}) });
  let nowMs = 1_000;
  const limiter = {
    admit: async () => {
      nowMs += 70;
      return () => {};
    },
  };
  const path = pathWith([deaf], {
    timeoutMs: 60_000,
    now: () => nowMs,
    mustEnd: () => ({ atMs: 1_100, by: "the function's own timeout" }),
    steps: { ...unguarded, limiter },
  });
  const began = performance.now();
  const { fault } = (await call(path, "test_be_deaf")) as { fault?: { message: string; details: object } };
  // 30 of 100 ms are left once it has its turn.
  expect(performance.now() - began).toBeGreaterThan(25);
  expect(fault?.details).toEqual({ timeoutMs: 100, setting: "the function's own timeout" });
  expect(fault?.message).toContain(
    "stopped after 100 ms here, waiting included: it had no more of the function's own timeout.",
  );
});

test("a setting that ends the call before its process does is named itself", async () => {
  const deaf = tool("test_be_deaf", { handle: () => new Promise(() => {}) });
  const mustEnd = () => ({ atMs: Date.now() + 60_000, by: "the function's own timeout" });
  const path = pathWith([deaf], { timeoutMs: 20, now: Date.now, mustEnd });
  expect(await call(path, "test_be_deaf")).toMatchObject({
    fault: { details: { timeoutMs: 20, setting: "calls.timeoutMs" } },
  });
});

test("a handler that ignores its signal does not hold the caller", async () => {
  const deaf = tool("test_be_deaf", { handle: () => new Promise(() => {}) });
  expect(await call(pathWith([deaf], { timeoutMs: 20 }), "test_be_deaf")).toMatchObject({
    fault: { code: "timeout" },
  });
});

test("the caller's cancellation reaches the handler", async () => {
  const controller = new AbortController();
  const waiting = tool("test_wait_long", {
    handle: (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  const pending = call(pathWith([waiting]), "test_wait_long", {}, controller.signal);
  controller.abort();
  expect(await pending).toMatchObject({
    fault: { code: "timeout", message: "The caller cancelled the call." },
  });
});

test("an output off its schema is a fault of ours, never sent", async () => {
  const wrong = tool("test_lie", { handle: async () => ({ said: 7 }) });
  expect(await call(pathWith([wrong]), "test_lie")).toMatchObject({ fault: { code: "internal" } });
});

test("an output over the byte bound is refused with both sizes", async () => {
  const big = tool("test_say_much", { handle: async () => ({ said: "x".repeat(70_000) }) });
  expect(await call(pathWith([big]), "test_say_much")).toMatchObject({
    fault: { code: "too_large", details: { maxBytes: 1_000 } },
  });
});

test("fields that hold outside text are named in the result, where they are present", async () => {
  const listing = tool("test_list_names", {
    output: z.object({ names: z.array(z.string()).optional(), ...pageOut }),
    untrusted: ["names"],
    handle: async ({ word }) => (word === "none" ? { truncated: false } : { names: ["a"], truncated: false }),
  });
  const path = pathWith([listing]);
  expect(await call(path, "test_list_names")).toMatchObject({ output: { untrusted: ["names"] } });
  expect(await call(path, "test_list_names", { word: "none" })).toMatchObject({
    output: { truncated: false },
  });
});

test("writes are refused while nothing is configured to confirm them", async () => {
  const write = tool("test_stop_thing", { effect: "write" });
  expect(await call(pathWith([write]), "test_stop_thing")).toMatchObject({ fault: { code: "denied" } });
});

test("the steps run in their order, the place is given back, and a fault is audited too", async () => {
  const order: string[] = [];
  const log = (name: string) => async () => void order.push(name);
  const steps: CallSteps = {
    policy: { visible: () => order.push("visible") > 0, authorize: log("authorize") },
    limiter: {
      admit: async () => {
        order.push("admit");
        return () => void order.push("release");
      },
    },
    confirmer: {
      async confirm() {
        order.push("confirm");
        return {};
      },
    },
    auditor: {
      intent: log("intent"),
      outcome: async (_: unknown, { kind }: Outcome) => void order.push(`outcome ${kind}`),
    },
    observer: { finished: () => void order.push("observe"), stepFailed: () => {} },
  };
  const path = pathWith(
    [
      tool("test_fail_always", {
        handle: async () => {
          order.push("handle");
          throw new ToolError("conflict", "No.");
        },
      }),
    ],
    { steps },
  );
  await call(path, "test_fail_always");
  expect(order.join(" → ")).toBe(
    "visible → authorize → admit → confirm → intent → handle → release → outcome failed → observe",
  );
});

test("a request full of faults is answered with a few of them", async () => {
  const path = pathWith([
    tool("test_say_word", {
      input: z.strictObject({ word: z.string().optional(), marks: z.record(z.string(), z.int()).optional() }),
    }),
  ]);
  const unknown = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, index) => [`${"x".repeat(90)}${index}`, 1]),
  );
  const wrong = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`mark${index}`, "x"]));
  for (const [args, more] of [
    [unknown, /and 4990 more/],
    [{ marks: wrong }, /and 4990 more/],
    [{ word: 7, ["y".repeat(500_000)]: 1 }, /[^y]y{60}…/],
  ] as const) {
    const result = await call(path, "test_say_word", args);
    expect(result).toMatchObject({ fault: { code: "invalid_input" } });
    const text = JSON.stringify(result.kind === "failed" && result.fault);
    expect(text).toMatch(more);
    expect(text.length).toBeLessThan(8_000);
  }
});

test("what a handler quotes in a fault is cut, and says so", async () => {
  const loud = tool("test_be_loud", {
    handle: async () => {
      throw new ToolError("not_found", "n".repeat(100_000), { details: { name: "d".repeat(100_000) } });
    },
  });
  const result = await call(pathWith([loud]), "test_be_loud");
  expect(result).toMatchObject({ fault: { details: { omitted: "100011 characters of details" } } });
  expect(result.kind === "failed" && result.fault.message).toMatch(/^n{2000}… \(98000 characters more\)$/);
});
