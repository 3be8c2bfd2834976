import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type DynamoDbServer,
  dynamoDbEnvironment,
  startDynamoDb,
} from "../../test/harness/dynamodb-server.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../../test/harness/fault-proxy.ts";
import { redisProgram, startRedis } from "../../test/harness/redis-server.ts";
import { startTcpProxy } from "../../test/harness/tcp-proxy.ts";
import { SharedBuckets } from "../limits/shared-buckets.ts";
import { DynamoDbStore } from "./dynamodb-store.ts";
import { MemoryStore } from "./memory-store.ts";
import { RedisStore } from "./redis-store.ts";

const key = { tenantId: "acme", name: "count" };
const limits = { most: 10, expiresAtMs: Date.now() + 3_600_000 };
const unavailable = { code: "unavailable", retryable: true, details: { retryAfterMs: 1_000 } };

let dynamoDb: DynamoDbServer;
let proxy: FaultProxy;
let requests = 0;
let fault: Fault | undefined;
/** What goes wrong with requests of one operation alone. */
let plan: ((operation: string) => Fault | undefined) | undefined;
let store: DynamoDbStore;
const startProxy = (port?: number) =>
  startFaultProxy(
    dynamoDb.endpoint,
    ({ headers }) => {
      requests += 1;
      return fault ?? plan?.(String(headers["x-amz-target"]).split(".").at(-1) ?? "");
    },
    port,
  );
beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  proxy = await startProxy();
});
beforeEach(() => {
  for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
  store = new DynamoDbStore({ table: dynamoDb.table, endpoint: proxy.endpoint }, Date.now);
  requests = 0;
});
afterEach(async () => {
  await store.close();
  vi.unstubAllEnvs();
  fault = undefined;
  plan = undefined;
});
afterAll(async () => {
  await proxy.stop();
  await dynamoDb.stop();
});

function dynamoDbFault(name: string, status = 400): Fault {
  return {
    kind: "answer",
    status,
    headers: { "content-type": "application/x-amz-json-1.0" },
    body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "arn:secret" }),
  };
}

test.each(["ThrottlingException", "ProvisionedThroughputExceededException"])(
  "a DynamoDB that answers %s is asked four times at most, and nothing is counted",
  async (name) => {
    fault = dynamoDbFault(name);
    const refused = await store.increment({ ...key, name }, limits).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject(unavailable);
    expect(String(refused)).not.toContain("arn:secret");
    // Fewer where a loaded machine takes the time of the pauses in between.
    expect(requests).toBeGreaterThan(1);
    expect(requests).toBeLessThanOrEqual(4);
    fault = undefined;
    expect(await store.increment({ ...key, name }, limits)).toEqual({ isAccepted: true, count: 1 });
  },
);

/** Has the answer of one request get lost, though it was done. Says whether there was such a request. */
function loseOne(operation: string, kind: "lost" | "unanswered"): () => boolean {
  let isDone = false;
  plan = (asked) => {
    if (isDone || asked !== operation) return undefined;
    isDone = true;
    return kind === "lost" ? { kind } : { kind, answered() {} };
  };
  return () => isDone;
}

const losses = [
  { kind: "lost", how: "by a broken connection" },
  { kind: "unanswered", how: "by a timeout" },
] as const;

describe.each(losses)("where DynamoDB did it and the answer is lost $how", ({ kind }) => {
  test("a count is counted once, the first of a counter and a later one", async () => {
    const counter = { ...key, name: `counts-${kind}` };
    const fired = [loseOne("PutItem", kind)];
    await expect(store.increment(counter, limits)).rejects.toMatchObject(unavailable);
    // To add was refused, as there was none; what put it was sent once.
    expect(requests).toBe(3);
    expect(await store.increment(counter, limits)).toEqual({ isAccepted: true, count: 2 });
    fired.push(loseOne("UpdateItem", kind));
    requests = 0;
    await expect(store.increment(counter, limits)).rejects.toMatchObject(unavailable);
    expect(requests).toBe(1);
    expect(await store.increment(counter, limits)).toEqual({ isAccepted: true, count: 4 });
    fired.push(loseOne("UpdateItem", kind));
    await expect(store.decrement(counter)).rejects.toMatchObject(unavailable);
    expect(await store.increment(counter, limits)).toEqual({ isAccepted: true, count: 4 });
    expect(fired.map((hasFired) => hasFired())).toEqual([true, true, true]);
  }, 20_000);

  test("a token of a shared bucket is taken once, the first and a later one", async () => {
    const nowMs = Date.now();
    const bucket = { ...key, name: `bucket-${kind}` };
    const rate = { perSecond: 0.001, burst: 10 };
    const buckets = new SharedBuckets(store, () => nowMs);
    const fired = loseOne("PutItem", kind);
    await expect(buckets.take(bucket, rate)).rejects.toMatchObject(unavailable);
    expect(await buckets.take(bucket, rate)).toMatchObject({ isTaken: true, remaining: 8 });
    const again = loseOne("PutItem", kind);
    await expect(buckets.take(bucket, rate)).rejects.toMatchObject(unavailable);
    expect(await buckets.take(bucket, rate)).toMatchObject({ isTaken: true, remaining: 6 });
    expect([fired(), again()]).toEqual([true, true]);
  }, 20_000);

  test("what is read, and puts that know their own value, are sent again", async () => {
    const item = { value: `own-${kind}`, expiresAtMs: limits.expiresAtMs };
    const named = { ...key, name: `value-${kind}` };
    const fired = loseOne("PutItem", kind);
    expect(await store.putIf(named, item, undefined)).toEqual({ isDone: false, current: item.value });
    const again = loseOne("GetItem", kind);
    expect(await store.get(named)).toBe(item.value);
    expect([fired(), again()]).toEqual([true, true]);
  }, 20_000);
});

test("a DynamoDB that fails with 500, which may have counted, is not asked to count again", async () => {
  fault = dynamoDbFault("InternalServerError", 500);
  await expect(store.increment({ ...key, name: "500" }, limits)).rejects.toMatchObject(unavailable);
  expect(requests).toBe(1);
  await expect(store.get(key)).rejects.toMatchObject(unavailable);
  expect(requests).toBeGreaterThan(2);
});

test("a count over a connection that ended unseen is refused, and not where the process was idle for long", async () => {
  let nowMs = Date.now();
  let goneUpTo = 0;
  let latest = 0;
  const tcp = await startTcpProxy(Number(new URL(dynamoDb.endpoint).port), {
    request(connection) {
      latest = connection;
      return connection <= goneUpTo ? "reset" : "pass";
    },
    answer: () => "pass",
  });
  const endpoint = `http://127.0.0.1:${tcp.port}`;
  const idle = new DynamoDbStore({ table: dynamoDb.table, endpoint }, () => nowMs);
  const counter = { ...key, name: "idle" };
  expect(await idle.increment(counter, limits)).toMatchObject({ count: 1 });
  goneUpTo = latest;
  nowMs += 29_000;
  await expect(idle.increment(counter, limits)).rejects.toMatchObject(unavailable);
  expect(await idle.increment(counter, limits)).toMatchObject({ count: 2 });
  goneUpTo = latest;
  nowMs += 31_000;
  expect(await idle.increment(counter, limits)).toMatchObject({ count: 3 });
  expect(latest).toBe(goneUpTo + 1);
  await idle.close();
  await tcp.stop();
});

test.skipIf(redisProgram === undefined)(
  "a count that Redis took, and whose answer was lost, is counted once (skipped where no redis-server or valkey-server is in PATH)",
  async () => {
    const server = await startRedis(redisProgram ?? "");
    let isLosing = false;
    let losses = 0;
    const tcp = await startTcpProxy(Number(new URL(server.url).port), {
      request: () => "pass",
      answer() {
        if (!isLosing) return "pass";
        isLosing = false;
        losses += 1;
        return "reset";
      },
    });
    const redis = new RedisStore({ url: `redis://127.0.0.1:${tcp.port}` });
    expect(await redis.increment(key, limits)).toMatchObject({ count: 1 });
    isLosing = true;
    await expect(redis.increment(key, limits)).rejects.toMatchObject(unavailable);
    expect(losses).toBe(1);
    expect(await redis.increment(key, limits)).toMatchObject({ count: 3 });
    await redis.close();
    await tcp.stop();
    await server.stop();
  },
);

test("a count that was never sent, for want of a connection, is sent again", async () => {
  const { port } = new URL(proxy.endpoint);
  await proxy.stop();
  const counting = store.increment({ ...key, name: "refused" }, limits);
  proxy = await startProxy(Number(port));
  expect(await counting).toEqual({ isAccepted: true, count: 1 });
});

test("a DynamoDB without the table, or out of reach, is unavailable", async () => {
  const missing = new DynamoDbStore({ table: "no-such-table", endpoint: dynamoDb.endpoint }, Date.now);
  await expect(missing.check()).rejects.toMatchObject(unavailable);
  await missing.close();
  const nowhere = new DynamoDbStore({ table: "t", endpoint: "http://127.0.0.1:1" }, Date.now);
  await expect(nowhere.increment(key, limits)).rejects.toMatchObject(unavailable);
  await nowhere.close();
});

test("a DynamoDB that hangs is given up on in time", async () => {
  fault = { kind: "hang", afterBytes: -1 };
  const startedMs = performance.now();
  await expect(store.increment(key, limits)).rejects.toMatchObject(unavailable);
  expect(performance.now() - startedMs).toBeLessThan(8_000);
});

test("a Redis out of reach is unavailable, and said so in time", async () => {
  const nowhere = new RedisStore({ url: "redis://127.0.0.1:1" });
  const startedMs = performance.now();
  await expect(nowhere.increment(key, limits)).rejects.toMatchObject(unavailable);
  await expect(nowhere.check()).rejects.toMatchObject(unavailable);
  expect(performance.now() - startedMs).toBeLessThan(8_000);
  await nowhere.close();
});

test.skipIf(redisProgram === undefined)(
  "a Redis that dies is unavailable until another stands in its place (skipped where no redis-server or valkey-server is in PATH)",
  async () => {
    const first = await startRedis(redisProgram ?? "");
    const redis = new RedisStore({ url: first.url });
    expect(await redis.increment(key, limits)).toMatchObject({ isAccepted: true });
    await first.stop();
    await expect(redis.increment(key, limits)).rejects.toMatchObject(unavailable);
    const second = await startRedis(redisProgram ?? "", Number(new URL(first.url).port));
    await expect
      .poll(() =>
        redis.check().then(
          () => "answers",
          () => "fails",
        ),
      )
      .toBe("answers");
    await redis.close();
    await second.stop();
  },
);

test("a full store of one process refuses rather than forget, and has room again when items end", async () => {
  let nowMs = 0;
  const memory = new MemoryStore({ now: () => nowMs, maxItems: 3 });
  const count = (name: string) =>
    memory.increment({ tenantId: "acme", name }, { most: 9, expiresAtMs: 5_000 });
  for (const name of ["a", "b", "c"]) await count(name);
  await expect(count("d")).rejects.toMatchObject({ code: "unavailable" });
  expect(await count("a")).toEqual({ isAccepted: true, count: 2 });
  nowMs = 6_000;
  expect(await count("d")).toEqual({ isAccepted: true, count: 1 });
});
