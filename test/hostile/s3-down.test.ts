import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readWhole } from "../../src/lake/cache/read-range.ts";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import { readInOrder } from "../../src/lake/stores/in-order.ts";
import { createBreakers } from "../../src/resilience/breakers.ts";
import { type Fault, startFaultProxy } from "../harness/fault-proxy.ts";
import { tellFigures } from "../harness/figures.ts";
import { lakeSettings, loopbackS3 } from "../harness/lake-settings.ts";
import { readAll } from "../harness/read-all.ts";
import { type S3Server, s3Credentials, startS3Server } from "../harness/s3-server.ts";

const { signal } = new AbortController();
const resetMs = 500;
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server(["data"]);
  await server.put("data", "numbers.txt", "0123456789");
});
afterAll(() => server.stop());

/** S3 behind a proxy that answers as `fault` says, and a breaker in front of both. */
async function withS3(
  fault: { now: Fault | undefined },
  run: (
    read: () => Promise<string>,
    sent: () => number,
    state: () => string | undefined,
    stores: ReturnType<typeof createStores>,
  ) => Promise<void>,
): Promise<void> {
  let sent = 0;
  const proxy = await startFaultProxy(server.endpoint, () => {
    sent++;
    return fault.now;
  });
  const settings = { failures: 5, resetMs, halfOpenCalls: 3, probeTimeoutMs: 5_000 };
  const breakers = createBreakers({ settings, now: Date.now });
  const stores = createStores(
    lakeSettings({ buckets: [{ bucket: "data", prefix: "" }], s3: loopbackS3(proxy.endpoint) }),
    { credentials: s3Credentials, guard: breakers, timeouts: { answerMs: 400, idleMs: 300 } },
  );
  const read = async () => {
    const { body } = await stores.read({ location: stores.resolve("s3://data/numbers.txt") }, signal);
    return (await readAll(body)).toString();
  };
  try {
    await run(
      read,
      () => sent,
      () => breakers.reports()[0]?.state,
      stores,
    );
  } finally {
    stores.close();
    await proxy.stop();
  }
}

const walk = async (chunks: AsyncIterable<Uint8Array>) => {
  for await (const _ of chunks);
};

const slowDown: Fault = {
  kind: "answer",
  status: 503,
  body: '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your rate.</Message></Error>',
};

test("S3 that fails is left alone: hardly a request per call, answers at once, and the same bytes afterwards", async () => {
  const fault: { now: Fault | undefined } = { now: slowDown };
  await withS3(fault, async (read, sent, state) => {
    const codes = new Set<string>();
    const openTimesMs: number[] = [];
    for (let at = 0; at < 200; at++) {
      const wasOpen = state() === "open";
      const startedMs = performance.now();
      await read().catch(({ code }) => codes.add(code));
      if (wasOpen && state() === "open") openTimesMs.push(performance.now() - startedMs);
      await sleep(5);
    }
    expect(codes).toEqual(new Set(["throttled", "unavailable"]));
    // The fault fired, and each of the five failures before it opened had the SDK's retries.
    expect(sent()).toBeGreaterThanOrEqual(15);
    expect(sent() / 200).toBeLessThan(1.2);
    expect(openTimesMs.length).toBeGreaterThan(100);
    expect(openTimesMs.sort((a, b) => a - b)[Math.floor(openTimesMs.length / 2)]).toBeLessThan(10);
    fault.now = undefined;
    await expect.poll(read, { timeout: 10_000, interval: 50 }).toBe("0123456789");
    await read();
    await read();
    expect(state()).toBe("closed");
  });
}, 60_000);

test.each<[string, Fault]>([
  ["breaks off within bodies", { kind: "reset", afterBytes: 3 }],
  ["hangs within bodies", { kind: "hang", afterBytes: 3 }],
])(
  "S3 that %s is left alone, though each answer begins well",
  async (_, broken) => {
    const fault: { now: Fault | undefined } = { now: broken };
    await withS3(fault, async (read, sent, state) => {
      const codes = new Set<string>();
      for (let at = 0; at < 200; at++) await read().catch(({ code }) => codes.add(code));
      expect([...codes]).toContain("unavailable");
      expect(sent()).toBeGreaterThanOrEqual(5);
      expect(sent()).toBeLessThan(50);
      fault.now = undefined;
      await expect.poll(read, { timeout: 10_000, interval: 50 }).toBe("0123456789");
      await read();
      await read();
      expect(state()).toBe("closed");
    });
  },
  60_000,
);

test("S3 that hangs is cut off, though every caller leaves before it is given up", async () => {
  await withS3({ now: { kind: "hang", afterBytes: -1 } }, async (_, sent, state, stores) => {
    const location = stores.resolve("s3://data/numbers.txt");
    for (let at = 0; at < 5; at++) {
      expect(state()).not.toBe("open");
      await expect(stores.head(location, AbortSignal.timeout(450))).rejects.toMatchObject({
        code: "timeout",
      });
    }
    expect(state()).toBe("open");
    const before = sent();
    await expect(stores.head(location, signal)).rejects.toMatchObject({ code: "unavailable" });
    expect(sent()).toBe(before);
  });
}, 20_000);

test("a failing S3 is asked for a file three times at most: tries do not multiply", async () => {
  const fault: { now: Fault | undefined } = { now: { kind: "answer", status: 500, body: "" } };
  await withS3(fault, async (_, sent, __, stores) => {
    const location = stores.resolve("s3://data/numbers.txt");
    const object = {
      uri: "s3://data/numbers.txt",
      location,
      sizeBytes: 10,
      etag: "x",
      lastModified: new Date(0),
    };
    await expect(readWhole(stores, object, signal)).rejects.toMatchObject({ code: "unavailable" });
    expect(sent()).toBe(3);
    await expect(walk(readInOrder({ store: stores }, object, signal))).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(sent()).toBe(6);
  });
});

test.each<[string, Fault]>([
  ["denied", { kind: "answer", status: 403, body: "<Error><Code>AccessDenied</Code></Error>" }],
  ["not_found", { kind: "answer", status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" }],
  ["changed", { kind: "answer", status: 412, body: "<Error><Code>PreconditionFailed</Code></Error>" }],
])("%s says nothing against S3", async (code, fault) => {
  await withS3({ now: fault }, async (read, sent, state) => {
    for (let at = 0; at < 20; at++) await expect(read()).rejects.toMatchObject({ code });
    expect(sent()).toBe(20);
    expect(state()).toBe("closed");
  });
});

test("while S3 is being tried, 100 callers at once send it exactly three requests", async () => {
  const fault: { now: Fault | undefined } = { now: slowDown };
  await withS3(fault, async (read, sent, state) => {
    for (let at = 0; at < 5; at++) await read().catch(() => {});
    expect(state()).toBe("open");
    await sleep(resetMs + 50);
    fault.now = { kind: "delay", delayMs: 200 };
    const before = sent();
    const answers = await Promise.all(Array.from({ length: 100 }, () => read().catch(({ code }) => code)));
    const requests = sent() - before;
    expect(requests).toBe(3);
    const answered = answers.filter((answer) => answer === "0123456789").length;
    expect(answered).toBe(3);
    const refused = answers.filter((answer) => answer === "unavailable").length;
    expect(refused).toBe(97);
    expect(state()).toBe("closed");
    tellFigures({
      "with real requests: callers at once": answers.length,
      "with real requests: requests that S3 got": requests,
      "with real requests: callers answered": answered,
      "with real requests: refused": refused,
    });
  });
}, 30_000);
