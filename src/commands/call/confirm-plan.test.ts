import { expect, test } from "vitest";
import { recordingTerminal, type TerminalOptions } from "../../../test/harness/terminal.ts";
import { confirmPlan } from "./confirm-plan.ts";
import type { Answer } from "./tool-caller.ts";

const plan = {
  tool: "t",
  summary: "Sets it",
  changes: [{ what: "it", from: "a", to: "b" }],
  reversible: true,
};
const asked: Answer = {
  kind: "failed",
  fault: { code: "conflict", message: "Confirm.", details: { plan, confirmationToken: "token-1" } },
};
const done: Answer = { kind: "completed", output: { ok: true } };

async function confirm(options: TerminalOptions, yes = false) {
  const terminal = recordingTerminal(options);
  const calls: unknown[] = [];
  const callOnce = async (args: Record<string, unknown>) => {
    calls.push(args);
    return args.confirmationToken === undefined ? asked : done;
  };
  const { signal } = new AbortController();
  const answer = await confirmPlan({ a: 1 }, callOnce, { yes, signal, terminal });
  return { answer, calls, terminal };
}

const person = { errIsTty: true, inIsTty: true };

test.each(["y", "Y", "yes ", " YES"])("a person who says %j has it carried out", async (reply) => {
  const { answer, calls, terminal } = await confirm({ ...person, reply });
  expect(answer).toEqual(done);
  expect(calls).toEqual([{ a: 1 }, { a: 1, confirmationToken: "token-1" }]);
  expect(terminal.errLines).toEqual(["t: Sets it\n- it: a → b\nIt can be undone."]);
  expect(terminal.raw).toEqual(["Carry it out? [y/N] "]);
});

test.each(["", "n", "no", "yeah", "yn"])("a person who says %j has not", async (reply) => {
  const { answer, calls } = await confirm({ ...person, reply });
  expect(answer).toMatchObject({ kind: "failed", fault: { code: "denied" } });
  expect(calls).toHaveLength(1);
});

test("--yes asks nobody; without it and without a terminal the plan is the answer", async () => {
  expect(await confirm({}, true)).toMatchObject({ answer: done, terminal: { raw: [] } });
  const { answer, calls, terminal } = await confirm({ reply: "y" });
  expect(answer).toEqual(asked);
  expect(calls).toHaveLength(1);
  expect(terminal.errLines.join()).toContain("--yes");
});
