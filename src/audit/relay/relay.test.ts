import { expect, test } from "vitest";
import { createRelay } from "./relay.ts";

test("a sink that neither takes records nor lets go holds up the end of the process for a bounded time", async () => {
  const never = new Promise<void>(() => {});
  const log = { error() {}, warn() {}, info() {}, debug() {} };
  const relay = createRelay({
    sink: { name: "postgresql", takesAll: true, send: () => never, close: () => never },
    chains: () => new Promise(() => {}),
    log,
    random: () => 0.5,
    now: Date.now,
  });
  const startedMs = performance.now();
  await relay.close(200);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});
