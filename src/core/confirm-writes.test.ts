import { beforeEach, describe, expect, test } from "vitest";
import { confirmingPath, requestOf } from "../../test/harness/confirming-path.ts";
import type { CallPath } from "./call.ts";
import { createMemoryWriteRecords } from "./memory-write-records.ts";
import { localPrincipal } from "./principal.ts";
import { renderText } from "./render.ts";

let parts: ReturnType<typeof confirmingPath>;

beforeEach(() => {
  parts = confirmingPath();
});

describe("a write to be confirmed", () => {
  test("is answered with its plan and does nothing; the audit sees no intent", async () => {
    const result = await parts.call({ position: "on" });
    expect(result).toMatchObject({
      kind: "failed",
      fault: {
        code: "conflict",
        retryable: false,
        details: {
          plan: {
            tool: "switch_set_position",
            summary: "Sets the switch",
            changes: [{ what: "position", from: "off", to: "on" }],
            account: "123456789012",
            region: "eu-central-1",
            reversible: true,
          },
          expiresAt: new Date(parts.clock.nowMs + 300_000).toISOString(),
        },
      },
    });
    expect(parts.lamp).toMatchObject({ position: "off", effects: 0 });
    expect([parts.intents, parts.outcomes]).toEqual([[], ["conflict"]]);
  });

  test("is carried out with the plan's token, with one intent and one outcome", async () => {
    const confirmationToken = await parts.planned();
    expect(await parts.call({ position: "on", confirmationToken })).toMatchObject({
      kind: "completed",
      output: { position: "on", effects: 1 },
    });
    expect(parts.intents.map(({ tool }) => tool.name)).toEqual(["switch_set_position"]);
    expect(parts.outcomes).toEqual(["conflict", "completed"]);
  });

  test("is the same by an older name, with defaults spelled out, and members in another order", async () => {
    const confirmationToken = await parts.planned({ to: "on" }, { name: "old_set_switch" });
    expect(await parts.call({ confirmationToken, delayMs: 0, position: "on" })).toMatchObject({
      kind: "completed",
    });
  });

  test("of a tool that makes no plan is planned by title, arguments and effect", async () => {
    const { plan } = requestOf(await parts.call({ why: "old" }, { name: "switch_destroy" }));
    expect(plan).toEqual({
      tool: "switch_destroy",
      summary: "Destroy the switch",
      changes: [{ what: "argument why", to: "old" }],
      reversible: false,
    });
  });

  test("has a plan that is bounded, whatever its arguments are", async () => {
    const why = '\u0000"\\é'.repeat(100_000);
    const { plan, confirmationToken } = requestOf(await parts.call({ why }, { name: "switch_destroy" }));
    expect(JSON.stringify(plan).length).toBeLessThan(3_200);
    expect(await parts.call({ why, confirmationToken }, { name: "switch_destroy" })).toMatchObject({
      kind: "completed",
    });
  });

  test("brings its token however long its plan and its caller's id are, for that caller alone", async () => {
    const why = "\u0000".repeat(100_000);
    const named = (id: string) => ({ name: "switch_destroy", as: { ...localPrincipal, id: `iam:${id}` } });
    const ada = named("é".repeat(100_000));
    const { confirmationToken } = requestOf(await parts.call({ why }, ada));
    const twin = named(`${"é".repeat(99_999)}e`);
    expect(await parts.call({ why, confirmationToken }, twin)).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("another caller") },
    });
    expect(await parts.call({ why, confirmationToken }, ada)).toMatchObject({ kind: "completed" });
  });

  test("takes an empty token for none, and refuses one that is no text", async () => {
    for (const confirmationToken of ["", null]) await parts.planned({ position: "on", confirmationToken });
    expect(await parts.call({ position: "on", confirmationToken: 7 })).toMatchObject({
      fault: { code: "invalid_input" },
    });
    expect(parts.lamp.effects).toBe(0);
  });

  test("keeps its token out of what the audit is shown", async () => {
    const confirmationToken = await parts.planned();
    await parts.call({ position: "on", confirmationToken });
    expect(parts.intents.map(({ rawArguments }) => rawArguments)).toEqual([{ position: "on" }]);
  });
});

describe("one effect", () => {
  test("sent again after its answer was lost, a call gets the answer it had", async () => {
    const confirmationToken = await parts.planned();
    const first = await parts.call({ position: "on", confirmationToken });
    const again = await parts.call({ position: "on", confirmationToken });
    const carriedOutAt = new Date(parts.clock.nowMs).toISOString();
    const { output } = first as { output: Record<string, unknown> };
    expect(output).not.toHaveProperty("alreadyCarriedOutAt");
    expect(again).toMatchObject({
      kind: "completed",
      output: { ...output, alreadyCarriedOutAt: carriedOutAt },
    });
    expect(again).toMatchObject({ repeatsMs: parts.clock.nowMs });
    expect(renderText((again as { output: Record<string, unknown> }).output)).toMatch(
      `Nothing was done again: this repeats the answer of the call that ended at ${carriedOutAt}.`,
    );
    expect(parts.lamp.effects).toBe(1);
    expect(parts.intents).toHaveLength(1);
  });

  test("sent again so late that it is no retry, a call is refused, and told when it was carried out", async () => {
    const confirmationToken = await parts.planned();
    await parts.call({ position: "on", confirmationToken });
    const carriedOutAt = new Date(parts.clock.nowMs).toISOString();
    parts.clock.nowMs += 120_000;
    expect(await parts.call({ position: "on", confirmationToken })).toMatchObject({ kind: "completed" });
    parts.clock.nowMs += 1;
    const refused = { code: "conflict", retryable: false };
    const details = { replayed: true, carriedOutAt, result: "ok" };
    // Also once the token has expired, and as long as it is known.
    for (const laterMs of [0, 200_000, 200_000]) {
      parts.clock.nowMs += laterMs;
      expect(await parts.call({ position: "on", confirmationToken })).toMatchObject({
        fault: { ...refused, details, message: expect.stringContaining(`ended at ${carriedOutAt}`) },
      });
    }
    parts.clock.nowMs += 200_000;
    expect(await parts.call({ position: "on", confirmationToken })).toMatchObject({
      fault: { code: "denied" },
    });
    expect(parts.lamp.effects).toBe(1);
    expect(parts.intents).toHaveLength(1);
  });

  test("what failed as it acted is not tried again with the same token", async () => {
    const confirmationToken = await parts.planned({}, { name: "switch_break" });
    const call = () => parts.call({ confirmationToken }, { name: "switch_break" });
    expect(await call()).toMatchObject({ fault: { code: "unavailable", message: "The switch is stuck." } });
    const ids = ["call-2", "correlation-2"];
    const retried = { ...parts.calls, newId: () => ids.shift() ?? "none" };
    const again = await parts.call({ confirmationToken }, { name: "switch_break", on: retried });
    expect(again).toMatchObject({
      correlationId: "correlation-2",
      fault: {
        code: "unavailable",
        correlationId: "correlation-2",
        message: expect.stringMatching(/^The switch is stuck\. \(Nothing was done again/),
        details: { replayed: true, carriedOutAt: new Date(parts.clock.nowMs).toISOString() },
      },
    });
    expect(parts.lamp.effects).toBe(1);
  });

  test("50 at once have one effect", async () => {
    const confirmationToken = await parts.planned({ position: "on", delayMs: 20 });
    const args = { position: "on", delayMs: 20, confirmationToken };
    const results = await Promise.all(Array.from({ length: 50 }, () => parts.call(args)));
    expect(parts.lamp.effects).toBe(1);
    expect(results.filter(({ kind }) => kind === "completed")).toHaveLength(1);
    for (const result of results) {
      if (result.kind !== "completed")
        expect(result).toMatchObject({ fault: { code: "conflict", retryable: true } });
    }
    expect(await parts.call(args)).toMatchObject({ output: { effects: 1 } });
  });

  test("processes that share a key and a store have one effect among them", async () => {
    const records = createMemoryWriteRecords(parts.now);
    const paths = [parts.pathOf(records), parts.pathOf(records)];
    const confirmationToken = await parts.planned({ position: "on" }, { on: paths[0] as CallPath });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        parts.call({ position: "on", confirmationToken }, { on: paths[index % 2] as CallPath }),
      ),
    );
    expect(parts.lamp.effects).toBe(1);
    expect(results.some(({ kind }) => kind === "completed")).toBe(true);
  });
});

describe("what the user says", () => {
  test.each([
    ["decline", "declined"],
    ["cancel", "closed the question"],
  ] as const)("%s: nothing is done, and the question cannot be answered anew", async (answer, word) => {
    const token = await parts.planned({ position: "on" }, { confirmation: { by: "user" } });
    const said = (answer: "accept" | "decline" | "cancel") =>
      parts.call({ position: "on" }, { confirmation: { by: "user", token, answer } });
    expect(await said(answer)).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining(word), details: { answer } },
    });
    expect(await said("accept")).toMatchObject({ fault: { code: "conflict" } });
    expect(parts.lamp.effects).toBe(0);
  });
});
