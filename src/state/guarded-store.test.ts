import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { dynamoDbEnvironment, startDynamoDb } from "../../test/harness/dynamodb-server.ts";
import { type Fault, startFaultProxy } from "../../test/harness/fault-proxy.ts";
import { redisProgram, startRedis } from "../../test/harness/redis-server.ts";
import { type Breakers, createBreakers } from "../resilience/breakers.ts";
import { openStateStore } from "./open-store.ts";
import type { StateSettings } from "./settings.ts";
import type { StateStore } from "./store.ts";

interface Service {
  settings: StateSettings;
  /** As the breaker names it. */
  target: { service: string; region: string };
  stop(): Promise<void>;
  /** In its old place, with nothing in it. */
  startAgain(): Promise<void>;
}

async function dynamodb(): Promise<Service> {
  const first = await startDynamoDb();
  const { table, endpoint } = first;
  let { stop } = first;
  return {
    settings: { store: "dynamodb", dynamodb: { table, endpoint } },
    target: { service: "dynamodb", region: "eu-west-1" },
    stop: () => stop(),
    async startAgain() {
      ({ stop } = await startDynamoDb(table, Number(new URL(endpoint).port)));
    },
  };
}

async function redis(): Promise<Service> {
  const first = await startRedis(redisProgram ?? "");
  const { url } = first;
  let { stop } = first;
  return {
    settings: { store: "redis", redis: { url } },
    target: { service: "redis", region: new URL(url).host },
    stop: () => stop(),
    async startAgain() {
      ({ stop } = await startRedis(redisProgram ?? "", Number(new URL(url).port)));
    },
  };
}

const key = { tenantId: "acme", name: "count" };
const limits = { most: 1_000, expiresAtMs: Date.now() + 3_600_000 };
const soon = () => Date.now() + 60_000;

let clockMs = 0;
let breakers: Breakers;
let store: StateStore | undefined;
let states: string[];
beforeEach(() => {
  for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
  clockMs = 0;
  open({});
});
afterEach(async () => {
  await store?.close();
  store = undefined;
  vi.unstubAllEnvs();
});

function open({ probeTimeoutMs = 30_000 }): void {
  states = [];
  breakers = createBreakers({
    settings: { failures: 5, resetMs: 60_000, halfOpenCalls: 3, probeTimeoutMs },
    now: () => clockMs,
    changed: (_, state) => states.push(state),
  });
}

function connect(settings: StateSettings): StateStore {
  store = openStateStore(settings, { now: Date.now, guard: breakers });
  return store;
}

/** What became of some requests at once. */
async function outcomes(requests: readonly Promise<unknown>[]) {
  const settled = await Promise.allSettled(requests);
  const refusals = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  return { done: settled.length - refusals.length, refusals };
}

const crowd = (one: StateStore, size: number) =>
  outcomes(Array.from({ length: size }, () => one.increment(key, limits)));

const missing = redisProgram === undefined ? ": skipped, no redis-server or valkey-server is in PATH" : "";

describe.each([
  { kind: "dynamodb", start: dynamodb, isMissing: false },
  { kind: `redis${missing}`, start: redis, isMissing: redisProgram === undefined },
])("a store in $kind", ({ start, isMissing }) => {
  test.skipIf(isMissing)(
    "that is stopped is cut off after five failures, and comes back by three requests, whoever else asks",
    async () => {
      const service = await start();
      const guarded = connect(service.settings);
      expect(await guarded.increment(key, limits)).toEqual({ isAccepted: true, count: 1 });
      expect(breakers.reports()).toEqual([{ ...service.target, state: "closed", retryAfterMs: 0 }]);
      await service.stop();
      const failed = [];
      for (let at = 0; at < 5; at++) failed.push(...(await crowd(guarded, 1)).refusals);
      expect(failed).toHaveLength(5);
      expect(new Set(failed.map(({ code, details }) => `${code} ${details.retryAfterMs}`))).toEqual(
        new Set(["unavailable 1000"]),
      );
      expect(breakers.reports()).toEqual([{ ...service.target, state: "open", retryAfterMs: 60_000 }]);

      await service.startAgain();
      clockMs += 20_000;
      const startedMs = performance.now();
      const refused = await outcomes([
        guarded.increment(key, limits),
        guarded.decrement(key),
        guarded.get(key),
        guarded.putIf(key, { value: "a", expiresAtMs: soon() }, undefined),
        guarded.delete(key),
        guarded.check(),
      ]);
      expect(performance.now() - startedMs).toBeLessThan(100);
      expect(refused.refusals).toHaveLength(6);
      for (const refusal of refused.refusals) {
        expect(refusal).toMatchObject({
          code: "unavailable",
          retryable: true,
          details: { retryAfterMs: 40_000, breaker: "open" },
        });
        expect(refusal.message).toMatch(/^The state store \(\w+\) failed, .* Try again in 40 s\.$/);
        expect(refusal.message).not.toContain("127.0.0.1");
      }

      clockMs += 40_000;
      const probes = await crowd(guarded, 100);
      expect(probes.done).toBe(3);
      expect(probes.refusals[0]).toMatchObject({ code: "unavailable", details: { breaker: "half_open" } });
      expect(states).toEqual(["open", "half_open", "closed"]);
      // A crowd that nobody cuts off: of those that were refused none was counted.
      expect(await crowd(guarded, 20)).toEqual({ done: 20, refusals: [] });
      expect(await guarded.increment(key, limits)).toEqual({ isAccepted: true, count: 24 });
      await service.stop();
    },
    60_000,
  );

  test.skipIf(isMissing)("that says no is not cut off, however often", async () => {
    const service = await start();
    const guarded = connect(service.settings);
    const item = { value: "a", expiresAtMs: soon() };
    await guarded.putIf(key, item, undefined);
    for (let at = 0; at < 20; at++) {
      expect(await guarded.putIf(key, item, "b")).toEqual({ isDone: false, current: "a" });
      expect(await guarded.increment({ ...key, name: "none" }, { ...limits, most: 0 })).toMatchObject({
        isAccepted: false,
      });
      await expect(guarded.get({ tenantId: "", name: "n" })).rejects.toThrow(RangeError);
    }
    expect(states).toEqual([]);
    expect(breakers.reports()).toMatchObject([{ state: "closed" }]);
    await service.stop();
  });
});

describe("a DynamoDB", () => {
  const faulty = async (fault: () => Fault | undefined, table?: string) => {
    const server = await startDynamoDb();
    let requests = 0;
    const proxy = await startFaultProxy(server.endpoint, () => {
      requests += 1;
      return fault();
    });
    return {
      settings: {
        store: "dynamodb",
        dynamodb: { table: table ?? server.table, endpoint: proxy.endpoint },
      } as const,
      requests: () => requests,
      stop: async () => void (await Promise.all([proxy.stop(), server.stop()])),
    };
  };
  const answer = (name: string, status: number): Fault => ({
    kind: "answer",
    status,
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "no" }),
  });

  test.each([
    ["without the table", undefined, "no-such-table"],
    ["that denies", answer("AccessDeniedException", 400), undefined],
    ["that refuses what is wrong", answer("ValidationException", 400), undefined],
  ])("%s is asked on: it answers", async (_, fault, table) => {
    const service = await faulty(() => fault, table);
    const guarded = connect(service.settings);
    for (let at = 0; at < 12; at++) {
      await expect(guarded.get(key)).rejects.toMatchObject({ code: "unavailable" });
    }
    expect(service.requests()).toBe(12);
    expect(states).toEqual([]);
    await service.stop();
  });

  test("that hangs a probe has failed at the probe's deadline, and lets none through any more", async () => {
    open({ probeTimeoutMs: 1_500 });
    let fault: Fault | undefined = answer("InternalServerError", 500);
    const service = await faulty(() => fault);
    const guarded = connect(service.settings);
    await crowd(guarded, 5);
    expect(states).toEqual(["open"]);
    fault = { kind: "hang", afterBytes: -1 };
    clockMs += 60_000;
    const before = service.requests();
    const probing = crowd(guarded, 20);
    await expect.poll(() => states, { timeout: 10_000 }).toEqual(["open", "half_open", "open"]);
    expect(service.requests() - before).toBe(3);
    fault = undefined;
    const { done, refusals } = await probing;
    expect({ done, refused: refusals.length }).toEqual({ done: 0, refused: 20 });
    // The late ends of the probes say nothing any more.
    expect(states).toEqual(["open", "half_open", "open"]);
    clockMs += 60_000;
    expect((await crowd(guarded, 20)).done).toBe(3);
    expect(states.at(-1)).toBe("closed");
    await service.stop();
  }, 30_000);

  test("that cannot be asked for want of credentials or a region is not said to fail", async () => {
    for (const name of Object.keys(dynamoDbEnvironment)) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
    const nowhere = connect({ store: "dynamodb", dynamodb: { table: "t" } });
    for (let at = 0; at < 8; at++) {
      await expect(nowhere.check()).rejects.toMatchObject({ code: "unavailable" });
    }
    expect(breakers.reports()).toEqual([]);
    await nowhere.close();
    const poor = connect({ store: "dynamodb", dynamodb: { table: "t", region: "eu-west-1" } });
    for (let at = 0; at < 8; at++) {
      await expect(poor.check()).rejects.toMatchObject({ code: "unavailable" });
    }
    expect(breakers.reports()).toMatchObject([{ state: "closed" }]);
  });
});
