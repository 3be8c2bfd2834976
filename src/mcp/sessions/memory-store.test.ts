import { expect, test } from "vitest";
import { MemorySessionStore } from "./memory-store.ts";
import { type SessionRecord, SessionStoreFull } from "./store.ts";

function record(owner = "ada"): SessionRecord {
  return { owner, initialize: {}, protocolVersion: "2025-11-25" };
}

test("a session nobody used for its idle time is gone", async () => {
  let nowMs = 0;
  const store = new MemorySessionStore({ idleMs: 1_000, now: () => nowMs });
  await store.create("a", record());
  nowMs = 900;
  expect(await store.touch("a")).toBe(true);
  nowMs = 1_800;
  expect(await store.get("a")).toMatchObject({ owner: "ada" });
  nowMs = 2_900;
  expect(await store.get("a")).toBeUndefined();
  expect(await store.touch("a")).toBe(false);
});

test("at the limit a session nobody ever used makes room, then the one idle for longest", async () => {
  let nowMs = 0;
  const store = new MemorySessionStore({ maxSessions: 2, keepMs: 1_000, now: () => nowMs });
  await store.create("a", record());
  await store.get("a");
  await store.create("b", record());
  nowMs = 5_000;
  await store.create("c", record());
  expect(await store.get("b")).toBeUndefined();
  expect(await store.get("c")).toBeDefined();
  await store.create("d", record());
  expect(await store.get("a")).toBeUndefined();
  expect(await store.get("c")).toBeDefined();
});

test("where all sessions are at work a new one is refused, until one rests", async () => {
  let nowMs = 0;
  const store = new MemorySessionStore({ maxPerOwner: 2, keepMs: 1_000, now: () => nowMs });
  for (const id of ["a", "b"]) {
    await store.create(id, record());
    await store.touch(id);
  }
  await expect(store.create("c", record())).rejects.toThrow(SessionStoreFull);
  await store.create("other", record("mallory"));
  nowMs = 1_500;
  await store.touch("b");
  await store.create("c", record());
  expect(await store.get("a")).toBeUndefined();
  expect(await store.get("b")).toBeDefined();
});

test("an owner at its own limit pushes out only its own sessions", async () => {
  const store = new MemorySessionStore({ maxSessions: 100, maxPerOwner: 2 });
  await store.create("ada", record("ada"));
  for (const id of ["m1", "m2", "m3", "m4"]) await store.create(id, record("mallory"));
  expect(await store.get("ada")).toBeDefined();
  expect(await store.get("m1")).toBeUndefined();
  expect(await store.get("m4")).toBeDefined();
});

test("an id is given once", async () => {
  const store = new MemorySessionStore();
  await store.create("a", record());
  await expect(store.create("a", record("mallory"))).rejects.toThrow("taken");
});

test("events of one stream follow an id, and no other stream's", async () => {
  const store = new MemorySessionStore();
  await store.create("a", record());
  const first = await store.appendEvent("a", "s1", "one", false);
  await store.appendEvent("a", "s2", "other", false);
  const second = await store.appendEvent("a", "s1", "two", true);
  expect(await store.eventsAfter("a", first)).toEqual({ events: [{ id: second, data: "two" }], ended: true });
  expect(await store.eventsAfter("a", "s1~99")).toBeUndefined();
  expect(await store.eventsAfter("b", first)).toBeUndefined();
});

test("events are bounded in bytes, and what is no longer kept is said to be", async () => {
  const store = new MemorySessionStore({ maxEventBytes: 100 });
  await store.create("a", record());
  const first = await store.appendEvent("a", "s1", "x".repeat(60), false);
  const second = await store.appendEvent("a", "s1", "y".repeat(60), false);
  expect(await store.eventsAfter("a", first)).toBeUndefined();
  expect(await store.eventsAfter("a", second)).toEqual({ events: [], ended: false });
});
