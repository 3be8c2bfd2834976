import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryWriteRecords } from "../../src/core/memory-write-records.ts";
import type { SealingKeys } from "../../src/core/seal.ts";
import { SharedWriteRecords } from "../../src/core/shared-write-records.ts";
import type { Outcome } from "../../src/core/steps.ts";
import type { BegunWrite, KnownWrite, WriteId, WriteRecords } from "../../src/core/write-records.ts";
import { DynamoDbStore } from "../../src/state/dynamodb-store.ts";
import { RedisStore } from "../../src/state/redis-store.ts";
import type { StateStore } from "../../src/state/store.ts";
import { startFaultProxy } from "../harness/fault-proxy.ts";
import { redisProgram } from "../harness/redis-server.ts";
import { type StateServers, startStateServers } from "../harness/state-servers.ts";

let servers: StateServers;
beforeAll(async () => {
  servers = await startStateServers();
});
afterAll(() => servers.stop());

const keys: SealingKeys = ["k".repeat(32)];
const completed = (output: Record<string, unknown>): Outcome => ({ kind: "completed", output, sizeBytes: 9 });
const done = completed({ position: "on", url: "https://example.org/?X-Amz-Signature=secret" });
let ids = 0;
const newId = (): WriteId => ({ tenantId: "acme", nonce: `nonce-${++ids}-${Date.now()}` });
const soon = () => ({ untilMs: Date.now() + 60_000, about: ["s3://b/k"] });

async function begun(records: WriteRecords, id: WriteId): Promise<BegunWrite> {
  const found = await records.begin(id, soon());
  if (found.state !== "begun") throw new Error(`It is ${found.state}.`);
  return found;
}

const openDynamoDb = () =>
  new DynamoDbStore({ table: servers.dynamodb.table, endpoint: servers.dynamodb.endpoint }, Date.now);
const openRedis = () => new RedisStore({ url: servers.redis?.url ?? "" });
const shared = (items: StateStore, options = {}) =>
  new SharedWriteRecords({ items, keys, now: Date.now, ...options });
const missing = redisProgram === undefined ? " (skipped: no redis-server or valkey-server is in PATH)" : "";
const oneProcess = createMemoryWriteRecords(Date.now);

describe.each([
  { kind: "the process", isMissing: false, open: () => oneProcess },
  { kind: "DynamoDB", isMissing: false, open: () => shared(openDynamoDb()) },
  { kind: `Redis${missing}`, isMissing: redisProgram === undefined, open: () => shared(openRedis()) },
])("records of writes in $kind", ({ open, isMissing }) => {
  describe.skipIf(isMissing)("keep their word:", () => {
    let one: WriteRecords;
    let other: WriteRecords;
    beforeAll(() => {
      one = open();
      other = open();
    });

    test("a write is begun once, runs, ends, and its outcome is known to all", async () => {
      const id = newId();
      expect(await other.find(id)).toBeUndefined();
      const write = await begun(one, id);
      expect(await other.find(id)).toEqual({ state: "running" });
      expect(await other.begin(id, soon())).toEqual({ state: "running" });
      await write.end(done);
      expect(await other.find(id)).toEqual({ state: "ended", endedMs: expect.any(Number), outcome: done });
      expect(await other.begin(id, soon())).toEqual({
        state: "ended",
        endedMs: expect.any(Number),
        outcome: done,
      });
    });

    test("a fault is an outcome like another", async () => {
      const id = newId();
      const fault = {
        code: "unavailable" as const,
        message: "The switch is stuck.",
        retryable: true,
        details: { retryAfterMs: 7 },
        correlationId: "c1",
      };
      await (await begun(one, id)).end({ kind: "failed", fault, thrown: new Error("secret") });
      expect(await other.find(id)).toMatchObject({
        state: "ended",
        endedMs: expect.any(Number),
        outcome: { kind: "failed", fault },
      });
    });

    test("of fifty who begin the same, one does", async () => {
      const id = newId();
      const found = await Promise.all(
        Array.from({ length: 50 }, (_, index) => (index % 2 ? one : other).begin(id, soon())),
      );
      expect(found.filter(({ state }) => state === "begun")).toHaveLength(1);
      expect(found.filter(({ state }) => state === "running")).toHaveLength(49);
    });

    test("what was turned down or abandoned is not begun", async () => {
      const [turned, abandoned] = [newId(), newId()];
      await one.turnDown(turned, soon().untilMs);
      expect(await other.begin(turned, soon())).toEqual({ state: "turned_down" });
      await (await begun(one, abandoned)).abandon();
      expect(await other.begin(abandoned, soon())).toEqual({ state: "turned_down" });
      const running = newId();
      const write = await begun(one, running);
      await other.turnDown(running, soon().untilMs);
      await write.end(done);
      expect(await other.find(running)).toEqual({
        state: "ended",
        endedMs: expect.any(Number),
        outcome: done,
      });
    });

    test("a tenant does not see what is another's", async () => {
      const id = newId();
      await (await begun(one, id)).end(done);
      expect(await other.find({ ...id, tenantId: "globex" })).toBeUndefined();
    });
  });
});

describe.each([
  { kind: "DynamoDB", isMissing: false, store: openDynamoDb },
  { kind: `Redis${missing}`, isMissing: redisProgram === undefined, store: openRedis },
])("records that servers share in $kind", ({ store, isMissing }) => {
  const isLost = (found: unknown) => (found as KnownWrite | undefined)?.state === "lost";

  test.skipIf(isMissing)(
    "a write is lost once its server falls silent, and one takes its place",
    async () => {
      const id = newId();
      // Beats never: as one that was killed.
      await begun(shared(store(), { beatMs: 3_600_000 }), id);
      const records = shared(store(), { silentMs: 200, beatMs: 50 });
      await expect.poll(async () => isLost(await records.find(id))).toBe(true);
      const lost = await records.find(id);
      if (lost?.state !== "lost") throw new Error("unreachable");
      expect(lost.about).toEqual(["s3://b/k"]);
      expect(isLost(await records.begin(id, soon()))).toBe(true);
      const again = await Promise.all(
        Array.from({ length: 10 }, () => records.begin(id, { ...soon(), insteadOf: lost })),
      );
      const [winner, ...more] = again.filter((found) => found.state === "begun") as BegunWrite[];
      expect(more).toEqual([]);
      await winner?.end(done);
      expect(await records.begin(id, { ...soon(), insteadOf: lost })).toEqual({
        state: "ended",
        endedMs: expect.any(Number),
        outcome: done,
      });
    },
  );

  test.skipIf(isMissing)("a server that lives is heard of for as long as its write runs", async () => {
    const id = newId();
    const records = shared(store(), { silentMs: 400, beatMs: 50 });
    const write = await begun(records, id);
    await sleep(900);
    expect(await records.find(id)).toEqual({ state: "running" });
    await write.end(done);
    expect(await records.find(id)).toEqual({ state: "ended", endedMs: expect.any(Number), outcome: done });
  });

  test.skipIf(isMissing)("one that was taken for dead does not undo what another came to", async () => {
    const id = newId();
    const slow = await begun(shared(store(), { beatMs: 3_600_000 }), id);
    const records = shared(store(), { silentMs: 100, beatMs: 50 });
    await expect.poll(async () => isLost(await records.find(id))).toBe(true);
    const lost = await records.find(id);
    const second = await records.begin(id, { ...soon(), ...(lost?.state === "lost" && { insteadOf: lost }) });
    if (second.state === "begun") await second.end(done);
    await slow.end(completed({ position: "late" }));
    expect(await records.find(id)).toEqual({ state: "ended", endedMs: expect.any(Number), outcome: done });
  });

  test.skipIf(isMissing)("outcomes are sealed, bounded, and of their write and key alone", async () => {
    const items = store();
    const records = shared(items);
    const [kept, large, other] = [newId(), newId(), newId()];
    await (await begun(records, kept)).end(done);
    const nameOf = ({ tenantId, nonce }: WriteId) => ({ tenantId, name: `writes/${nonce}` });
    const text = (await items.get(nameOf(kept))) ?? "";
    expect(text).not.toMatch(/X-Amz|position/);
    const noise = Array.from({ length: 40_000 }, (_, index) => Math.sin(index).toString(36)).join("");
    await (await begun(records, large)).end(completed({ noise }));
    expect(await records.find(large)).toEqual({ state: "ended", endedMs: expect.any(Number) });
    await items.putIf(nameOf(other), { value: text, expiresAtMs: soon().untilMs }, undefined);
    expect(await records.find(other)).toEqual({ state: "ended", endedMs: expect.any(Number) });
    expect(await shared(items, { keys: ["j".repeat(32)] }).find(kept)).toEqual({
      state: "ended",
      endedMs: expect.any(Number),
    });
    const rotated = shared(items, { keys: ["j".repeat(32), ...keys] });
    expect(await rotated.find(kept)).toEqual({ state: "ended", endedMs: expect.any(Number), outcome: done });
    for (const value of ["", "own", "{", "[]", '{"state":"later"}']) {
      const odd = newId();
      await items.putIf(nameOf(odd), { value, expiresAtMs: soon().untilMs }, undefined);
      expect(await records.begin(odd, soon())).toEqual({ state: "ended" });
    }
  });
});

test("a write whose record was put, and the answer lost, is begun by nobody else", async () => {
  let losses = 1;
  const proxy = await startFaultProxy(servers.dynamodb.endpoint, ({ headers }) =>
    String(headers["x-amz-target"]).endsWith("PutItem") && losses-- > 0 ? { kind: "lost" } : undefined,
  );
  const items = new DynamoDbStore({ table: servers.dynamodb.table, endpoint: proxy.endpoint }, Date.now);
  const id = newId();
  const write = await begun(shared(items), id);
  expect(losses).toBeLessThan(1);
  expect(await shared(openDynamoDb()).begin(id, soon())).toEqual({ state: "running" });
  losses = 1;
  await write.end(done);
  expect(await shared(openDynamoDb()).find(id)).toEqual({
    state: "ended",
    endedMs: expect.any(Number),
    outcome: done,
  });
  await items.close();
  await proxy.stop();
});

test("a process keeps so many bytes of outcomes, and knows of the others that they ended", async () => {
  const records = createMemoryWriteRecords(Date.now, 20);
  const [first, second, third] = [newId(), newId(), newId()];
  for (const id of [first, second, third]) await (await begun(records, id)).end(done);
  expect(await records.find(first)).toEqual({ state: "ended", endedMs: expect.any(Number) });
  expect(await records.find(second)).toEqual({ state: "ended", endedMs: expect.any(Number), outcome: done });
  expect(await records.find(third)).toEqual({ state: "ended", endedMs: expect.any(Number), outcome: done });
});
