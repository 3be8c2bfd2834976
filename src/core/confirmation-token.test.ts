import { beforeEach, describe, expect, test } from "vitest";
import { confirmingPath } from "../../test/harness/confirming-path.ts";
import { createMemoryWriteRecords } from "./memory-write-records.ts";
import { localPrincipal, type Principal } from "./principal.ts";
import type { WriteRecords } from "./write-records.ts";

let parts: ReturnType<typeof confirmingPath>;

beforeEach(() => {
  parts = confirmingPath();
});

describe("a token", () => {
  const ada: Principal = { ...localPrincipal, id: "ada" };

  test("is refused to another principal and another tenant", async () => {
    const confirmationToken = await parts.planned();
    const others = [ada, { ...localPrincipal, tenantId: "other" }];
    for (const as of others) {
      expect(await parts.call({ position: "on", confirmationToken }, { as })).toMatchObject({
        fault: { code: "denied", message: expect.stringContaining("another caller") },
      });
    }
    expect(parts.lamp.effects).toBe(0);
  });

  test("is refused with other arguments, and for another tool", async () => {
    const confirmationToken = await parts.planned();
    expect(await parts.call({ position: "half", confirmationToken })).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("other arguments") },
    });
    expect(await parts.call({ confirmationToken }, { name: "switch_break" })).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("is for switch_set_position") },
    });
    expect(parts.lamp.effects).toBe(0);
  });

  test("is refused where the state has changed that the plan saw", async () => {
    const confirmationToken = await parts.planned();
    parts.lamp.position = "half";
    expect(await parts.call({ position: "on", confirmationToken })).toMatchObject({
      fault: { code: "changed", retryable: false },
    });
    expect(parts.lamp).toMatchObject({ position: "half", effects: 0 });
  });

  test("is good for five minutes and no longer", async () => {
    const [early, late] = [await parts.planned(), await parts.planned({ position: "on", delayMs: 1 })];
    parts.clock.nowMs += 299_999;
    expect(await parts.call({ position: "on", confirmationToken: early })).toMatchObject({
      kind: "completed",
    });
    parts.clock.nowMs += 1;
    expect(await parts.call({ position: "on", delayMs: 1, confirmationToken: late })).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("expired") },
    });
    expect(parts.lamp.effects).toBe(1);
  });

  test("that expires while the plan is made again is refused", async () => {
    const confirmationToken = await parts.planned();
    const records = createMemoryWriteRecords(parts.now);
    const slow: WriteRecords = {
      ...records,
      async begin(...write) {
        parts.clock.nowMs += 300_000;
        return records.begin(...write);
      },
    };
    const path = parts.pathOf(slow);
    expect(await parts.call({ position: "on", confirmationToken }, { on: path })).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("expired") },
    });
    expect(parts.lamp.effects).toBe(0);
  });

  test("is refused wherever it was altered", async () => {
    const token = await parts.planned();
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === "A" ? "B" : "A";
      const altered = token.slice(0, at) + other + token.slice(at + 1);
      const result = await parts.call({ position: "on", confirmationToken: altered });
      expect(result, `character ${at}`).toMatchObject({ fault: { code: "denied" } });
    }
    for (const text of ["x", token.slice(1), `${token}A`, `${token}=`, "..", " "]) {
      expect(await parts.call({ position: "on", confirmationToken: text })).toMatchObject({
        fault: { code: "denied" },
      });
    }
    expect(parts.lamp.effects).toBe(0);
  });

  test("of another key, as of another process, is refused", async () => {
    const confirmationToken = await parts.planned();
    const path = parts.pathOf(createMemoryWriteRecords(parts.now), ["j".repeat(32)]);
    expect(await parts.call({ position: "on", confirmationToken }, { on: path })).toMatchObject({
      fault: { code: "denied" },
    });
    expect(parts.lamp.effects).toBe(0);
  });

  test("for the user to confirm cannot be sent as an argument, nor the other way round", async () => {
    const ofUser = await parts.planned({ position: "on" }, { confirmation: { by: "user" } });
    expect(await parts.call({ position: "on", confirmationToken: ofUser })).toMatchObject({
      fault: { code: "denied" },
    });
    const token = await parts.planned();
    const confirmation = { by: "user", token, answer: "accept" } as const;
    expect(await parts.call({ position: "on" }, { confirmation })).toMatchObject({
      fault: { code: "denied" },
    });
    expect(parts.lamp.effects).toBe(0);
  });
});
