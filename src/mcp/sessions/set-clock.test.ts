import { expect, test } from "vitest";
import { MemoryStore } from "../../state/memory-store.ts";
import { SharedSessionStores } from "./shared-store.ts";

const minuteMs = 60_000;
const record = { owner: "ada", initialize: {}, protocolVersion: "2025-11-25" };

/** Two servers on one store, whose clock is the first one's; the second's clock is so far off. */
function twoServers(offMs: number) {
  const clock = { nowMs: Date.UTC(2026, 10, 1) };
  const items = new MemoryStore({ now: () => clock.nowMs });
  const at = (skewMs: number) =>
    new SharedSessionStores({ items, now: () => clock.nowMs + skewMs }).within("acme");
  return { clock, first: at(0), second: at(offMs) };
}

test.each([-20, 20])(
  "a session that two servers serve lives on while it is used, though one's clock is %d minutes off",
  async (offMinutes) => {
    const { clock, first, second } = twoServers(offMinutes * minuteMs);
    await first.create("a", record);
    for (let minute = 0; minute < 120; minute += 5) {
      clock.nowMs += 5 * minuteMs;
      expect(await (minute % 2 === 0 ? first : second).touch("a"), `minute ${minute}`).toBe(true);
    }
  },
);

test.each([-20, 20])(
  "so does one of a server whose clock is set by %d minutes, and is gone once nobody uses it",
  async (setMinutes) => {
    const { clock, first } = twoServers(0);
    await first.create("a", record);
    for (let minute = 0; minute < 120; minute += 5) {
      clock.nowMs += (minute === 60 ? setMinutes + 5 : 5) * minuteMs;
      expect(await first.touch("a"), `minute ${minute}`).toBe(true);
    }
    clock.nowMs += 31 * minuteMs;
    expect(await first.touch("a")).toBe(false);
  },
);

test("a server whose clock is 20 minutes behind does not end a session sooner by using it", async () => {
  const { clock, first, second } = twoServers(-20 * minuteMs);
  await first.create("a", record);
  await second.update("a", { logLevel: "info" });
  clock.nowMs += 25 * minuteMs;
  expect(await first.get("a")).toMatchObject({ logLevel: "info" });
});
