import { expect, test } from "vitest";
import { MemorySessionStore } from "./memory-store.ts";

const record = { owner: "ada", initialize: {}, protocolVersion: "2025-11-25" };

test("at the limit a session nobody ever used makes room, then the one idle for longest", async () => {
  let nowMs = 0;
  const store = new MemorySessionStore({ maxSessions: 2, keepMs: 1_000, now: () => nowMs });
  await store.create("a", record);
  await store.get("a");
  await store.create("b", record);
  nowMs = 5_000;
  await store.create("c", record);
  expect(await store.get("b")).toBeUndefined();
  expect(await store.get("c")).toBeDefined();
  await store.create("d", record);
  expect(await store.get("a")).toBeUndefined();
  expect(await store.get("c")).toBeDefined();
});
