import { expect, test } from "vitest";
import { pathWith, tool } from "../../test/harness/call-path.ts";
import { confirmingPath, requestOf } from "../../test/harness/confirming-path.ts";
import { anna, bert, limited } from "../../test/harness/limited.ts";
import { callTool } from "../core/call.ts";
import { ToolError } from "../core/errors.ts";
import { localPrincipal, type Principal } from "../core/principal.ts";
import { tellRefused } from "../core/refused-request.ts";
import { unguarded } from "../core/steps.ts";
import { createCallLog } from "./call-log.ts";
import { createLog } from "./log.ts";

/** A log of calls with a clock that is set by hand, and the lines that it wrote. */
function logged() {
  const lines: string[] = [];
  const clock = { elapsedMs: 0 };
  const observer = createCallLog(createLog({ level: "trace", write: (line) => lines.push(line) }), {
    now: () => Date.UTC(2026, 10, 25),
    elapsedMs: () => clock.elapsedMs,
  });
  const events = () => lines.map((line) => JSON.parse(line));
  return { observer, lines, clock, events };
}

/** A line of one call of a tool that fails so. */
async function lineOf(thrown: unknown) {
  const { observer, lines, events } = logged();
  const failing = tool("test_fail", { handle: () => Promise.reject(thrown) });
  const path = pathWith([failing], { steps: { ...unguarded, observer } });
  await callTool(path, { name: "test_fail", arguments: {}, principal: localPrincipal });
  expect(lines).toHaveLength(1);
  return { line: lines[0] ?? "", event: events()[0] };
}

test.each(["throttled", "denied", "not_found", "invalid_input"] as const)(
  "a call that is refused as %s is a short line: its words, and no stack",
  async (code) => {
    const { line, event } = await lineOf(new ToolError(code, "Not so.", { details: { retryAfterMs: 7 } }));
    expect(event).toMatchObject({ level: "warn", event: "tool call", outcome: code });
    expect(event.error).toEqual({ name: "ToolError", code, message: "Not so." });
    expect(line.length).toBeLessThan(400);
  },
);

test("the cause of a fault has its stack where it is not ours", async () => {
  const refused = new Error("no route to host");
  const inner = new ToolError("unavailable", "S3 does not answer.", { cause: refused });
  const { event } = await lineOf(new ToolError("unavailable", "Try again.", { cause: inner }));
  expect(event.error).toEqual({
    name: "ToolError",
    code: "unavailable",
    message: "Try again.",
    cause: {
      name: "ToolError",
      code: "unavailable",
      message: "S3 does not answer.",
      cause: { name: "Error", message: "no route to host", stack: expect.stringContaining(".test.ts") },
    },
  });
});

test.each([new TypeError("x is not a function"), new ToolError("internal", "This cannot be.")])(
  "a fault of the server's own has its stack: %s",
  async (thrown) => {
    const { event } = await lineOf(thrown);
    expect(event).toMatchObject({ level: "error", outcome: "internal", error: { message: thrown.message } });
    expect(event.error.stack).toContain("call-log.test.ts");
  },
);

test("a caller's refusals have ten lines a minute and code, and one that counts the others", async () => {
  const { observer, events, clock } = logged();
  const server = limited({ ratePerSecond: 1, burst: 1 });
  const path = { ...server.path, steps: { ...server.path.steps, observer } };
  const callAs = (principal: Principal, name: string) => callTool(path, { name, arguments: {}, principal });
  const call = async (principal: Principal, count: number, name = "test_say_word") => {
    for (let index = 0; index < count; index++) await callAs(principal, name);
  };
  await call(anna, 41);
  await call(bert, 3);
  await call(anna, 25, "test_none");
  for (let index = 0; index < 15; index++)
    await tellRefused(path, { principal: anna, code: "denied", reason: "not here" });
  const of = (outcome: string, principal = "anna") =>
    events().filter((one) => one.outcome === outcome && one.principal === principal);
  const counts = () => ["throttled", "not_found", "denied"].map((code) => of(code).length);
  expect(counts()).toEqual([10, 10, 10]);
  expect(of("throttled", "bert")).toHaveLength(2);
  clock.elapsedMs += 60_000;
  await call(anna, 1);
  expect(counts()).toEqual([12, 11, 11]);
  const since = "2026-11-25T00:00:00.000Z";
  const gathered = { level: "warn", event: "refusals gathered", tenant: "acme", via: "api_key", since };
  expect(events().filter(({ event }) => event === "refusals gathered")).toMatchObject([
    { ...gathered, outcome: "throttled", leftOut: 30, tools: { test_say_word: 30 } },
    { ...gathered, outcome: "not_found", leftOut: 15 },
    { ...gathered, outcome: "denied", leftOut: 5 },
  ]);
  await call(anna, 12);
  observer.close();
  expect(of("throttled").at(-1)).toMatchObject({ event: "refusals gathered", leftOut: 3 });
  expect(events().filter(({ outcome }) => outcome === "ok")).toHaveLength(2);
});

test("calls that fail once they were let in, and faults of the server's own, have a line each", async () => {
  const { observer, events } = logged();
  const failing = tool("test_fail", { handle: () => Promise.reject(new ToolError("not_found", "Nothing.")) });
  const policy = {
    visible: () => true,
    authorize: async ({ principal }: { principal: Principal }) => {
      if (principal.id === "bert") throw new Error("The policy has no answer.");
    },
  };
  const path = pathWith([failing], { steps: { ...unguarded, observer, policy } });
  for (const principal of [anna, bert])
    for (let index = 0; index < 30; index++)
      await callTool(path, { name: "test_fail", arguments: {}, principal });
  observer.close();
  const outcomes = events().map(({ outcome }) => outcome);
  expect(outcomes).toEqual([...Array(30).fill("not_found"), ...Array(30).fill("internal")]);
});

test("what is logged of a write that waits to be confirmed quotes none of its arguments, and no token", async () => {
  const lines: string[] = [];
  const observer = createCallLog(createLog({ level: "trace", write: (line) => lines.push(line) }));
  const { calls, call } = confirmingPath();
  const on = { ...calls, steps: { ...calls.steps, observer } };
  const { confirmationToken } = requestOf(await call({ position: "on" }, { on }));
  expect(lines).toHaveLength(1);
  const { error, ...fields } = JSON.parse(lines[0] ?? "");
  expect(fields).toMatchObject({ event: "tool call", tool: "switch_set_position", outcome: "conflict" });
  expect(error).toEqual({
    name: "ToolError",
    code: "conflict",
    message: expect.stringContaining("has to be confirmed"),
  });
  expect(lines[0]).not.toContain(confirmationToken);
});
