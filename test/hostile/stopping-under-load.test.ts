import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type LoadProcess, startLoadProcess } from "../harness/load-process.ts";
import { listingCall, type ServedLake, serveLake, toolCall } from "../harness/served-lake.ts";

let lake: ServedLake | undefined;
let crowd: LoadProcess | undefined;
afterEach(() => Promise.all([crowd?.stop(), lake?.remove()]));

test("SIGTERM under load: every call accepted before is answered, later ones are not, and it ends in time", async () => {
  crowd = startLoadProcess();
  lake = await serveLake(() => ({ kind: "delay", delayMs: 2_000 }));
  const answered = crowd.burst(
    lake.port,
    Array.from({ length: 150 }, (_, index) => listingCall(index)),
  );
  // A hundred run, the others wait for their places.
  await expect.poll(() => lake?.metric("calls_queued")).toBe(50);
  const startedMs = performance.now();
  lake.run.child.kill("SIGTERM");
  await expect
    .poll(async () => (await fetch(`http://127.0.0.1:${lake?.port}/health/ready`)).status)
    .toBe(503);
  const { path, body = "", ...rest } = listingCall(1_000);
  const late = await fetch(`http://127.0.0.1:${lake.port}${path}`, { ...rest, body });
  expect(late.status).toBe(503);
  const answers = await answered;
  expect(new Set(answers.map(({ status, code, error }) => error ?? code ?? status))).toEqual(new Set([200]));
  expect(answers).toHaveLength(150);
  expect(await lake.run.ended).toMatchObject({ code: 0, signal: null });
  const tookMs = performance.now() - startedMs;
  // Two rounds of 2 s: it did wait, and no longer than it had to.
  expect(tookMs).toBeGreaterThan(2_000);
  expect(tookMs).toBeLessThan(25_000);
  expect(lake.open()).toEqual({ now: 0, most: 100 });
}, 60_000);

test("SIGTERM with a call that never ends: the process ends all the same once http.drainMs is over", async () => {
  lake = await serveLake(() => ({ kind: "hang", afterBytes: -1 }), ["--http.drainMs", "3s"]);
  const { path, body, ...rest } = listingCall(0);
  const stuck = fetch(`http://127.0.0.1:${lake.port}${path}`, { ...rest, body: body ?? "" });
  const failed = expect(stuck.then((response) => response.text())).rejects.toThrow();
  await expect.poll(() => lake?.open().now).toBe(1);
  const startedMs = performance.now();
  lake.run.child.kill("SIGTERM");
  expect(await lake.run.ended).toMatchObject({ code: 0, signal: null });
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeGreaterThan(2_900);
  // The default is 20 s, and as much more leaves it within 25 s.
  expect(tookMs).toBeLessThan(8_000);
  await failed;
}, 60_000);

/** Sends a call and goes away once `isUnderWay`; resolves at that moment. */
async function leaveDuring(
  port: number,
  call: ReturnType<typeof toolCall>,
  isUnderWay: () => Promise<boolean>,
) {
  const { body, ...rest } = call;
  const sent = request({ host: "127.0.0.1", port, ...rest });
  sent.on("error", () => {});
  sent.end(body);
  await expect.poll(isUnderWay, { interval: 20 }).toBe(true);
  await sleep(100);
  sent.destroy();
}

test("a client gone in the middle of a call: its requests to S3 are broken off within a second", async () => {
  lake = await serveLake(() => ({ kind: "hang", afterBytes: -1 }));
  await leaveDuring(lake.port, listingCall(0), async () => lake?.open().now === 1);
  await expect.poll(() => lake?.open().now, { timeout: 1_000, interval: 10 }).toBe(0);
  await expect.poll(() => lake?.metric("calls_running"), { timeout: 1_000, interval: 20 }).toBe(0);
});

test("a client gone in the middle of a query: it is stopped within a second, and the next one runs", async () => {
  lake = await serveLake(() => undefined);
  const endless =
    "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range % 7 = b.range % 5";
  await leaveDuring(
    lake.port,
    toolCall("lake_query", { sql: endless }),
    async () => (await lake?.metric("calls_running")) === 1,
  );
  await expect.poll(() => lake?.metric("calls_running"), { timeout: 1_000, interval: 20 }).toBe(0);
  const { path, body, ...rest } = toolCall("lake_query", { sql: "SELECT 6 * 7 AS answer" });
  const next = await fetch(`http://127.0.0.1:${lake.port}${path}`, { ...rest, body: body ?? "" });
  expect(await next.text()).toContain('"rows":[[42]]');
});
