import { expect, test } from "vitest";
import { confirmingPath, requestOf } from "../../test/harness/confirming-path.ts";
import { createMemoryWriteRecords } from "./memory-write-records.ts";

const minutes20Ms = 20 * 60_000;
const keys: [string] = ["k".repeat(32)];

/** A token of a server whose clock is so far ahead of this one's; both share their key. */
async function tokenOf({ clock, pathOf, call, now }: ReturnType<typeof confirmingPath>, aheadMs: number) {
  const on = pathOf(createMemoryWriteRecords(now), keys);
  clock.nowMs += aheadMs;
  const { confirmationToken } = requestOf(await call({ position: "on" }, { on }));
  clock.nowMs -= aheadMs;
  return { confirmationToken, on };
}

test("a token of a server whose clock is 20 minutes ahead is refused, and the clock named, until it could be ours", async () => {
  const parts = confirmingPath();
  const { confirmationToken, on } = await tokenOf(parts, minutes20Ms);
  for (const laterMs of [0, minutes20Ms - 60_001]) {
    parts.clock.nowMs += laterMs;
    expect(await parts.call({ position: "on", confirmationToken }, { on })).toMatchObject({
      fault: { code: "denied", message: expect.stringContaining("clock is ahead") },
    });
  }
  expect(parts.lamp.effects).toBe(0);
});

test("one of a server whose clock is 20 minutes behind has expired by this one's clock, which is named", async () => {
  const parts = confirmingPath();
  const { confirmationToken, on } = await tokenOf(parts, -minutes20Ms);
  expect(await parts.call({ position: "on", confirmationToken }, { on })).toMatchObject({
    fault: {
      code: "denied",
      message: expect.stringContaining(
        `this server's clock it is ${new Date(parts.clock.nowMs).toISOString()}`,
      ),
    },
  });
  expect(parts.lamp.effects).toBe(0);
});

test.each([-59_000, 0, 59_000])("one of a server whose clock is %d ms ahead is taken", async (aheadMs) => {
  const parts = confirmingPath();
  const { confirmationToken, on } = await tokenOf(parts, aheadMs);
  expect(await parts.call({ position: "on", confirmationToken }, { on })).toMatchObject({
    kind: "completed",
  });
  expect(parts.lamp.effects).toBe(1);
});

test("what was carried out is not carried out again by a server whose clock is 20 minutes behind", async () => {
  const parts = confirmingPath();
  const { confirmationToken, on } = await tokenOf(parts, 0);
  await parts.call({ position: "on", confirmationToken }, { on });
  parts.clock.nowMs -= minutes20Ms;
  expect(await parts.call({ position: "on", confirmationToken }, { on })).toMatchObject({
    kind: "completed",
  });
  expect(parts.lamp.effects).toBe(1);
});
