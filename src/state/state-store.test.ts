import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  type DynamoDbServer,
  dynamoDbEnvironment,
  startDynamoDb,
} from "../../test/harness/dynamodb-server.ts";
import { type RedisServer, redisProgram, startRedis } from "../../test/harness/redis-server.ts";
import { maxValueBytes } from "./bounds.ts";
import { DynamoDbStore } from "./dynamodb-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { RedisStore } from "./redis-store.ts";
import type { StateKey, StateStore } from "./store.ts";

interface Kind {
  kind: string;
  /** Opens another store over the same items, and what is behind them at the first time. */
  open(): Promise<StateStore>;
  stop(): Promise<void>;
  missing?: string;
}

function memory(): Kind {
  const store = new MemoryStore({ now: Date.now });
  return { kind: "memory", open: async () => store, stop: () => store.close() };
}

function dynamodb(): Kind {
  let server: DynamoDbServer | undefined;
  return {
    kind: "dynamodb",
    async open() {
      for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
      server ??= await startDynamoDb();
      return new DynamoDbStore({ table: server.table, endpoint: server.endpoint }, Date.now);
    },
    async stop() {
      await server?.stop();
      vi.unstubAllEnvs();
    },
  };
}

function redis(): Kind {
  let server: RedisServer | undefined;
  return {
    kind: "redis",
    ...(redisProgram === undefined && { missing: ": skipped, no redis-server or valkey-server is in PATH" }),
    async open() {
      server ??= await startRedis(redisProgram ?? "redis-server");
      return new RedisStore({ url: server.url });
    },
    stop: async () => server?.stop(),
  };
}

const soon = () => Date.now() + 60_000;
let keys = 0;
const newKey = (): StateKey => ({ tenantId: "acme", name: `item/${++keys}` });

describe.each([memory(), dynamodb(), redis()])("a store in $kind", ({ open, stop, missing }) => {
  describe.skipIf(missing !== undefined)(`keeps its contract${missing ?? ""}`, () => {
    let store: StateStore;
    let other: StateStore;
    beforeAll(async () => {
      store = await open();
      other = await open();
    });
    afterAll(async () => {
      await Promise.all([store.close(), other.close()]);
      await stop();
    });

    test("can be used", () => store.check());

    test("counts up to the bound and no further", async () => {
      const key = newKey();
      const counted = [];
      for (let call = 0; call < 4; call++)
        counted.push(await store.increment(key, { most: 3, expiresAtMs: soon() }));
      expect(counted).toEqual([
        { isAccepted: true, count: 1 },
        { isAccepted: true, count: 2 },
        { isAccepted: true, count: 3 },
        { isAccepted: false, count: 3 },
      ]);
      expect(await store.increment(newKey(), { most: 0, expiresAtMs: soon() })).toMatchObject({
        isAccepted: false,
      });
    });

    test("accepts exactly as many of a crowd as fit, whoever they ask", async () => {
      const key = newKey();
      const limits = { most: 16, expiresAtMs: soon() };
      const crowd = Array.from({ length: 40 }, (_, index) => (index % 2 ? store : other));
      const counted = await Promise.all(crowd.map((one) => one.increment(key, limits)));
      const counts = counted.filter(({ isAccepted }) => isAccepted).map(({ count }) => count);
      expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
    });

    test("gives back what was counted, and nothing that was not", async () => {
      const key = newKey();
      const limits = { most: 1, expiresAtMs: soon() };
      await store.decrement(key);
      expect(await store.increment(key, limits)).toEqual({ isAccepted: true, count: 1 });
      await store.decrement(key);
      await store.decrement(key);
      expect(await store.increment(key, limits)).toEqual({ isAccepted: true, count: 1 });
      expect(await store.increment(key, limits)).toEqual({ isAccepted: false, count: 1 });
    });

    test("an ended counter starts anew", async () => {
      const key = newKey();
      await store.increment(key, { most: 1, expiresAtMs: Date.now() + 150 });
      expect(await store.increment(key, { most: 1, expiresAtMs: soon() })).toMatchObject({
        isAccepted: false,
      });
      await sleep(200);
      expect(await store.increment(key, { most: 1, expiresAtMs: soon() })).toEqual({
        isAccepted: true,
        count: 1,
      });
    });

    test("puts a value where what is there is what was expected", async () => {
      const key = newKey();
      const put = (value: string, expected?: string) =>
        store.putIf(key, { value, expiresAtMs: soon() }, expected);
      expect(await put("b", "a")).toEqual({ isDone: false });
      expect(await put("a")).toEqual({ isDone: true });
      expect(await put("b")).toEqual({ isDone: false, current: "a" });
      expect(await put("b", "x")).toEqual({ isDone: false, current: "a" });
      expect(await put("b", "a")).toEqual({ isDone: true });
      expect(await other.get(key)).toBe("b");
      await other.delete(key);
      expect(await store.get(key)).toBeUndefined();
    });

    test("one of many who expect the same wins", async () => {
      const key = newKey();
      const puts = Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? store : other).putIf(key, { value: `v${index}`, expiresAtMs: soon() }, undefined),
      );
      const results = await Promise.all(puts);
      expect(results.filter(({ isDone }) => isDone)).toHaveLength(1);
    });

    test("an ended value is as if it were not there", async () => {
      const key = newKey();
      await store.putIf(key, { value: "old", expiresAtMs: Date.now() + 100 }, undefined);
      await sleep(150);
      expect(await store.get(key)).toBeUndefined();
      expect(await store.putIf(key, { value: "b", expiresAtMs: soon() }, "old")).toEqual({ isDone: false });
      expect(await store.putIf(key, { value: "new", expiresAtMs: soon() }, undefined)).toEqual({
        isDone: true,
      });
      expect(await store.get(key)).toBe("new");
    });

    test("keeps tenants and names apart, whatever is in them", async () => {
      const odd = [
        { tenantId: "a", name: "b/c" },
        { tenantId: "a/b", name: "c" },
        { tenantId: "a}:b", name: "c" },
        { tenantId: "a", name: "}:b:c" },
        { tenantId: "{a}", name: "x\n\u0000y" },
        { tenantId: "ä 🙂", name: "%2F" },
        { tenantId: "__proto__", name: "constructor" },
      ];
      for (const [index, key] of odd.entries())
        expect(await store.putIf(key, { value: `${index}`, expiresAtMs: soon() }, undefined)).toEqual({
          isDone: true,
        });
      expect(await Promise.all(odd.map((key) => other.get(key)))).toEqual(odd.map((_, index) => `${index}`));
    });

    test("takes values and keys up to their bounds and no longer ones", async () => {
      const key = { tenantId: "t", name: "n".repeat(1_024) };
      const value = "ü".repeat(maxValueBytes / 2);
      await store.putIf(key, { value, expiresAtMs: soon() }, undefined);
      expect(await store.get(key)).toBe(value);
      const put = (given: StateKey, text: string) =>
        store.putIf(given, { value: text, expiresAtMs: soon() }, undefined);
      await expect(put(newKey(), `${value}a`)).rejects.toThrow(RangeError);
      await expect(put({ tenantId: "t", name: `${key.name}n` }, "")).rejects.toThrow(RangeError);
      await expect(
        store.increment({ tenantId: "", name: "n" }, { most: 1, expiresAtMs: soon() }),
      ).rejects.toThrow(RangeError);
    });
  });
});
