import { beforeEach, describe, expect, test } from "vitest";
import { createSwitch, type Switch } from "../../test/harness/switch-toolset.ts";
import { type CallPath, type CallResult, callTool } from "./call.ts";
import { confirmWrites } from "./confirm-writes.ts";
import { confirmationRequestIn } from "./confirmation-request.ts";
import { createMemoryOnceStore, type OnceStore } from "./once-store.ts";
import { localPrincipal, type Principal } from "./principal.ts";
import { createRegistry } from "./registry.ts";
import { type Confirmation, unguarded } from "./steps.ts";
import type { Services } from "./tool.ts";

let nowMs: number;
let lamp: Switch;
let calls: CallPath;
let intents: string[];
let outcomes: string[];

const now = () => nowMs;

function pathOf(toolset: Switch["toolset"], once: OnceStore, key = "k".repeat(32)): CallPath {
  return {
    registry: createRegistry([toolset]),
    steps: {
      ...unguarded,
      confirmer: confirmWrites({ key, once, now }),
      auditor: {
        intent: async ({ tool }) => void intents.push(tool.name),
        outcome: async (_call, outcome) =>
          void outcomes.push(outcome.kind === "completed" ? "completed" : outcome.fault.code),
      },
    },
    services: {} as Services,
    bounds: { maxBytes: 100_000, maxRows: 10 },
    timeoutMs: 10_000,
    now,
    newId: () => "id-1",
  };
}

beforeEach(() => {
  nowMs = 1_000_000;
  intents = [];
  outcomes = [];
  lamp = createSwitch();
  calls = pathOf(lamp.toolset, createMemoryOnceStore(now));
});

interface With {
  as?: Principal;
  name?: string;
  confirmation?: Confirmation;
  on?: CallPath;
}

function call(
  args: Record<string, unknown>,
  { as = localPrincipal, name, confirmation, on = calls }: With = {},
) {
  return callTool(on, {
    name: name ?? "switch_set_position",
    arguments: args,
    principal: as,
    confirmation,
  });
}

function requestOf(result: CallResult) {
  const request = result.kind === "failed" ? confirmationRequestIn(result.fault.details) : undefined;
  if (!request) throw new Error(`No plan: ${JSON.stringify(result)}`);
  return request;
}

/** The token of a planned call, by default of the one that sets the switch on. */
async function planned(args: Record<string, unknown> = { position: "on" }, given: With = {}) {
  return requestOf(await call(args, given)).confirmationToken;
}

describe("a write to be confirmed", () => {
  test("is answered with its plan and does nothing; the audit sees no intent", async () => {
    const result = await call({ position: "on" });
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
          expiresAt: new Date(nowMs + 300_000).toISOString(),
        },
      },
    });
    expect(lamp).toMatchObject({ position: "off", effects: 0 });
    expect([intents, outcomes]).toEqual([[], ["conflict"]]);
  });

  test("is carried out with the plan's token, with one intent and one outcome", async () => {
    const confirmationToken = await planned();
    expect(await call({ position: "on", confirmationToken })).toMatchObject({
      kind: "completed",
      output: { position: "on", effects: 1 },
    });
    expect([intents, outcomes]).toEqual([["switch_set_position"], ["conflict", "completed"]]);
  });

  test("is the same by an older name, with defaults spelled out, and members in another order", async () => {
    const confirmationToken = await planned({ to: "on" }, { name: "old_set_switch" });
    expect(await call({ confirmationToken, delayMs: 0, position: "on" })).toMatchObject({
      kind: "completed",
    });
  });

  test("of a tool that makes no plan is planned by title, arguments and effect", async () => {
    const { plan } = requestOf(await call({ why: "old" }, { name: "switch_destroy" }));
    expect(plan).toEqual({
      tool: "switch_destroy",
      summary: "Destroy the switch",
      changes: [{ what: "argument why", to: "old" }],
      reversible: false,
    });
  });

  test("has a plan that is bounded, whatever its arguments are", async () => {
    const why = '\u0000"\\é'.repeat(100_000);
    const { plan, confirmationToken } = requestOf(await call({ why }, { name: "switch_destroy" }));
    expect(JSON.stringify(plan).length).toBeLessThan(3_200);
    expect(await call({ why, confirmationToken }, { name: "switch_destroy" })).toMatchObject({
      kind: "completed",
    });
  });

  test("takes an empty token for none, and refuses one that is no text", async () => {
    for (const confirmationToken of ["", null]) await planned({ position: "on", confirmationToken });
    expect(await call({ position: "on", confirmationToken: 7 })).toMatchObject({
      fault: { code: "invalid_input" },
    });
    expect(lamp.effects).toBe(0);
  });

  test("keeps its token out of what the audit is shown", async () => {
    const confirmationToken = await planned();
    let shown: unknown;
    calls.steps.auditor.intent = async ({ rawArguments }) => void (shown = rawArguments);
    await call({ position: "on", confirmationToken });
    expect(shown).toEqual({ position: "on" });
  });
});

describe("a token", () => {
  const ada: Principal = { ...localPrincipal, id: "ada" };

  test("is refused to another principal and another tenant", async () => {
    const confirmationToken = await planned();
    const others = [ada, { ...localPrincipal, tenantId: "other" }];
    for (const as of others) {
      expect(await call({ position: "on", confirmationToken }, { as })).toMatchObject({
        fault: { code: "denied", message: expect.stringContaining("another caller") },
      });
    }
    expect(lamp.effects).toBe(0);
  });

  test("is refused with other arguments, and for another tool", async () => {
    const confirmationToken = await planned();
    expect(await call({ position: "half", confirmationToken })).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("other arguments") },
    });
    expect(await call({ confirmationToken }, { name: "switch_break" })).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("is for switch_set_position") },
    });
    expect(lamp.effects).toBe(0);
  });

  test("is refused where the state has changed that the plan saw", async () => {
    const confirmationToken = await planned();
    lamp.position = "half";
    expect(await call({ position: "on", confirmationToken })).toMatchObject({
      fault: { code: "changed", retryable: false },
    });
    expect(lamp).toMatchObject({ position: "half", effects: 0 });
  });

  test("is good for five minutes and no longer", async () => {
    const [early, late] = [await planned(), await planned({ position: "on", delayMs: 1 })];
    nowMs += 299_999;
    expect(await call({ position: "on", confirmationToken: early })).toMatchObject({ kind: "completed" });
    nowMs += 1;
    expect(await call({ position: "on", delayMs: 1, confirmationToken: late })).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("expired") },
    });
    expect(lamp.effects).toBe(1);
  });

  test("that expires while the plan is made again is refused", async () => {
    const confirmationToken = await planned();
    const slow: OnceStore = {
      async putIfAbsent() {
        nowMs += 300_000;
        return true;
      },
    };
    const path = pathOf(lamp.toolset, slow);
    expect(await call({ position: "on", confirmationToken }, { on: path })).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("expired") },
    });
    expect(lamp.effects).toBe(0);
  });

  test("is refused wherever it was altered", async () => {
    const token = await planned();
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === "A" ? "B" : "A";
      const altered = token.slice(0, at) + other + token.slice(at + 1);
      const result = await call({ position: "on", confirmationToken: altered });
      expect(result, `character ${at}`).toMatchObject({ fault: { code: "denied" } });
    }
    for (const text of ["x", token.slice(1), `${token}A`, `${token}=`, "..", " "]) {
      expect(await call({ position: "on", confirmationToken: text })).toMatchObject({
        fault: { code: "denied" },
      });
    }
    expect(lamp.effects).toBe(0);
  });

  test("of another key, as of another process, is refused", async () => {
    const confirmationToken = await planned();
    const path = pathOf(lamp.toolset, createMemoryOnceStore(now), "j".repeat(32));
    expect(await call({ position: "on", confirmationToken }, { on: path })).toMatchObject({
      fault: { code: "denied" },
    });
    expect(lamp.effects).toBe(0);
  });

  test("for the user to confirm cannot be sent as an argument, nor the other way round", async () => {
    const ofUser = await planned({ position: "on" }, { confirmation: { by: "user" } });
    expect(await call({ position: "on", confirmationToken: ofUser })).toMatchObject({
      fault: { code: "denied" },
    });
    const token = await planned();
    const confirmation = { by: "user", token, answer: "accept" } as const;
    expect(await call({ position: "on" }, { confirmation })).toMatchObject({ fault: { code: "denied" } });
    expect(lamp.effects).toBe(0);
  });
});

describe("one effect", () => {
  test("sent again after its answer was lost, a call gets the answer it had", async () => {
    const confirmationToken = await planned();
    const first = await call({ position: "on", confirmationToken });
    const again = await call({ position: "on", confirmationToken });
    expect(again).toMatchObject({ kind: "completed", output: (first as { output: unknown }).output });
    // Also once the token has expired.
    nowMs += 400_000;
    expect(await call({ position: "on", confirmationToken })).toMatchObject({ output: { effects: 1 } });
    nowMs += 400_000;
    expect(await call({ position: "on", confirmationToken })).toMatchObject({ fault: { code: "denied" } });
    expect(lamp.effects).toBe(1);
    expect(intents).toHaveLength(1);
  });

  test("what failed as it acted is not tried again with the same token", async () => {
    const confirmationToken = await planned({}, { name: "switch_break" });
    for (const _ of [1, 2]) {
      expect(await call({ confirmationToken }, { name: "switch_break" })).toMatchObject({
        fault: { code: "unavailable", message: "The switch is stuck." },
      });
    }
    expect(lamp.effects).toBe(1);
  });

  test("50 at once have one effect", async () => {
    const confirmationToken = await planned({ position: "on", delayMs: 20 });
    const args = { position: "on", delayMs: 20, confirmationToken };
    const results = await Promise.all(Array.from({ length: 50 }, () => call(args)));
    expect(lamp.effects).toBe(1);
    expect(results.filter(({ kind }) => kind === "completed")).toHaveLength(1);
    for (const result of results) {
      if (result.kind !== "completed")
        expect(result).toMatchObject({ fault: { code: "conflict", retryable: true } });
    }
    expect(await call(args)).toMatchObject({ output: { effects: 1 } });
  });

  test("processes that share a key and a store have one effect among them", async () => {
    const once = createMemoryOnceStore(now);
    const paths = [pathOf(lamp.toolset, once), pathOf(lamp.toolset, once)];
    const confirmationToken = await planned({ position: "on" }, { on: paths[0] as CallPath });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        call({ position: "on", confirmationToken }, { on: paths[index % 2] as CallPath }),
      ),
    );
    expect(lamp.effects).toBe(1);
    expect(results.some(({ kind }) => kind === "completed")).toBe(true);
  });
});

describe("what the user says", () => {
  test.each([
    ["decline", "declined"],
    ["cancel", "closed the question"],
  ] as const)("%s: nothing is done, and the question cannot be answered anew", async (answer, word) => {
    const token = await planned({ position: "on" }, { confirmation: { by: "user" } });
    const said = (answer: "accept" | "decline" | "cancel") =>
      call({ position: "on" }, { confirmation: { by: "user", token, answer } });
    expect(await said(answer)).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining(word), details: { answer } },
    });
    expect(await said("accept")).toMatchObject({ fault: { code: "conflict" } });
    expect(lamp.effects).toBe(0);
  });
});
