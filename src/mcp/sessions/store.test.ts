import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redisProgram } from "../../../test/harness/redis-server.ts";
import { type StateServers, startStateServers } from "../../../test/harness/state-servers.ts";
import { DynamoDbStore } from "../../state/dynamodb-store.ts";
import { RedisStore } from "../../state/redis-store.ts";
import { MemorySessionStore, type MemoryStoreOptions } from "./memory-store.ts";
import { SharedSessionStores } from "./shared-store.ts";
import { type SessionRecord, type SessionStore, SessionStoreFull } from "./store.ts";

type Options = Omit<MemoryStoreOptions, "shared" | "maxSessions">;

let servers: StateServers;
beforeAll(async () => {
  servers = await startStateServers();
});
afterAll(() => servers.stop());

function record(owner = "ada"): SessionRecord {
  return { owner, initialize: {}, protocolVersion: "2025-11-25" };
}

/** Each test has a tenant of its own, as items outlive it. */
let tenants = 0;
const newTenant = () => `tenant-${++tenants}`;

const missing = redisProgram === undefined ? " (skipped: no redis-server or valkey-server is in PATH)" : "";
describe.each([
  {
    kind: "the process",
    isMissing: false,
    open: (options: Options = {}): SessionStore => new MemorySessionStore(options),
  },
  {
    kind: "DynamoDB",
    isMissing: false,
    open: ({ now = Date.now, ...options }: Options = {}): SessionStore => {
      const items = new DynamoDbStore(
        { table: servers.dynamodb.table, endpoint: servers.dynamodb.endpoint },
        now,
      );
      return new SharedSessionStores({ items, now, ...options }).within(newTenant());
    },
  },
  {
    kind: `Redis${missing}`,
    isMissing: redisProgram === undefined,
    open: ({ now = Date.now, ...options }: Options = {}): SessionStore => {
      const items = new RedisStore({ url: servers.redis?.url ?? "" });
      return new SharedSessionStores({ items, now, ...options }).within(newTenant());
    },
  },
])("a session store in $kind", ({ open, isMissing }) => {
  describe.skipIf(isMissing)("keeps its word:", () => {
    test("a session nobody used for its idle time is gone", async () => {
      const beganMs = Date.now();
      let nowMs = beganMs;
      const store = open({ idleMs: 1_000, now: () => nowMs });
      await store.create("a", record());
      nowMs = beganMs + 900;
      expect(await store.touch("a")).toBe(true);
      nowMs = beganMs + 1_800;
      expect(await store.get("a")).toMatchObject({ owner: "ada" });
      nowMs = beganMs + 2_900;
      expect(await store.get("a")).toBeUndefined();
      expect(await store.touch("a")).toBe(false);
    });

    test("at the limit a session nobody ever used makes room, then the one idle for longest", async () => {
      const beganMs = Date.now();
      let nowMs = beganMs;
      const store = open({ maxPerOwner: 2, keepMs: 1_000, now: () => nowMs });
      await store.create("a", record());
      await store.get("a");
      await store.create("b", record());
      nowMs = beganMs + 5_000;
      await store.create("c", record());
      expect(await store.get("b")).toBeUndefined();
      expect(await store.get("c")).toBeDefined();
      await store.create("d", record());
      expect(await store.get("a")).toBeUndefined();
      expect(await store.get("c")).toBeDefined();
    });

    test("where all sessions are at work a new one is refused, until one rests", async () => {
      const beganMs = Date.now();
      let nowMs = beganMs;
      const store = open({ maxPerOwner: 2, keepMs: 1_000, now: () => nowMs });
      for (const id of ["a", "b"]) {
        await store.create(id, record());
        await store.touch(id);
      }
      await expect(store.create("c", record())).rejects.toThrow(SessionStoreFull);
      await store.create("other", record("mallory"));
      nowMs = beganMs + 1_500;
      await store.touch("b");
      await store.create("c", record());
      expect(await store.get("a")).toBeUndefined();
      expect(await store.get("b")).toBeDefined();
    });

    test("an owner at its own limit pushes out only its own sessions", async () => {
      const store = open({ maxPerOwner: 2 });
      await store.create("ada", record("ada"));
      for (const id of ["m1", "m2", "m3", "m4"]) await store.create(id, record("mallory"));
      expect(await store.get("ada")).toBeDefined();
      expect(await store.get("m1")).toBeUndefined();
      expect(await store.get("m4")).toBeDefined();
    });

    test("an id is given once", async () => {
      const store = open();
      await store.create("a", record());
      await expect(store.create("a", record("mallory"))).rejects.toThrow("taken");
    });

    test("events of one stream follow an id, and no other stream's", async () => {
      const store = open();
      await store.create("a", record());
      const first = await store.appendEvent("a", "s1", "one", false);
      await store.appendEvent("a", "s2", "other", false);
      const second = await store.appendEvent("a", "s1", "two", true);
      expect(await store.eventsAfter("a", first)).toEqual({
        events: [{ id: second, data: "two" }],
        ended: true,
      });
      expect(await store.eventsAfter("a", "s1~99")).toBeUndefined();
      expect(await store.eventsAfter("b", first)).toBeUndefined();
    });

    test("events are bounded in bytes, and what is no longer kept is said to be", async () => {
      const store = open({ maxEventBytes: 100 });
      await store.create("a", record());
      const first = await store.appendEvent("a", "s1", "x".repeat(60), false);
      const second = await store.appendEvent("a", "s1", "y".repeat(60), false);
      expect(await store.eventsAfter("a", first)).toBeUndefined();
      expect(await store.eventsAfter("a", second)).toEqual({ events: [], ended: false });
    });

    test("a large event comes back whole, and a session that was deleted has no events and no mail", async () => {
      const store = open();
      await store.create("a", record());
      const first = await store.appendEvent("a", "s1", "", false);
      const data = JSON.stringify({ text: "naïve 🦥 ".repeat(20_000) });
      await store.appendEvent("a", "s1", data, true);
      expect((await store.eventsAfter("a", first))?.events.map((event) => event.data)).toEqual([data]);
      await store.post("a", { returnedTo: "s1" });
      expect(await store.poll("a", 0)).toMatchObject([{ letter: { returnedTo: "s1" } }]);
      expect(await store.delete("a")).toBe(true);
      expect(await store.delete("a")).toBe(false);
      expect(await store.get("a")).toBeUndefined();
      expect(await store.poll("a", 0)).toBeUndefined();
      expect(await store.eventsAfter("a", first)).toBeUndefined();
    });
  });
});
