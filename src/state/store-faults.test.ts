import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import {
  type DynamoDbServer,
  dynamoDbEnvironment,
  startDynamoDb,
} from "../../test/harness/dynamodb-server.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../../test/harness/fault-proxy.ts";
import { redisProgram, startRedis } from "../../test/harness/redis-server.ts";
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
let store: DynamoDbStore;
beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  proxy = await startFaultProxy(dynamoDb.endpoint, () => {
    requests += 1;
    return fault;
  });
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

test.each(["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"])(
  "a DynamoDB that answers %s is asked four times at most, and nothing is counted",
  async (name) => {
    fault = dynamoDbFault(name, name === "InternalServerError" ? 500 : 400);
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
