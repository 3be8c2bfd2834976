import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quantile } from "../../bench/stats.ts";
import type { Fault } from "../harness/fault-proxy.ts";
import { type LoadAnswer, type LoadProcess, startLoadProcess } from "../harness/load-process.ts";
import { createRandom } from "../harness/random.ts";
import { listingCall, type ServedLake, serveLake, toolCall } from "../harness/served-lake.ts";

const seed = Number(process.env.STORM_SEED ?? Date.now() % 1_000_000);
const random = createRandom(seed);
const nothing: Fault = {
  kind: "answer",
  status: 200,
  headers: { "content-type": "application/xml" },
  body: '<?xml version="1.0"?><ListBucketResult><Name>data</Name><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>',
};
let lake: ServedLake;
let crowd: LoadProcess;
let watcher: LoadProcess;
beforeAll(async () => {
  [crowd, watcher] = [startLoadProcess(), startLoadProcess()];
  lake = await serveLake(async ({ url }) => {
    await sleep(500 + random(500));
    return url?.includes("list-type") ? nothing : { kind: "answer", status: 404 };
  });
  // The AWS SDK is loaded for the first.
  await crowd.steady({ port: lake.port, request: listingCall(0), perSecond: 20, durationMs: 500 });
});
afterAll(() => Promise.all([crowd.stop(), watcher.stop(), lake.remove()]));

const tookMs = (answers: readonly LoadAnswer[], part: number) =>
  quantile(
    answers.map((answer) => answer.tookMs),
    part,
  );

/** A thousand calls at once, half of them by MCP, and beside them a look at /health a hundred times a second. */
async function storm() {
  const looking = { port: lake.port, request: { path: "/health" }, perSecond: 100, durationMs: 3_000 };
  const watched = watcher.steady(looking);
  const calls = Array.from({ length: 1_000 }, (_, index) =>
    index % 2 === 0
      ? listingCall(random(1e9))
      : { path: "/summarize", method: "POST", body: JSON.stringify({ uri: `s3://data/no-${random(1e9)}` }) },
  );
  const answers = await crowd.burst(lake.port, calls);
  return { answers, refused: answers.filter(({ code }) => code === "throttled"), looks: await watched };
}

test(`of a thousand calls at once a hundred run, the rest wait or are refused within a second, none hangs, and health answers (STORM_SEED=${seed})`, async () => {
  // What this machine takes, just now, to have a thousand calls answered that do nothing.
  const wrong = Array.from({ length: 1_000 }, () => toolCall("lake_list_objects", { uri: 7 }));
  const reference = await crowd.burst(lake.port, wrong);
  const refusedWithinMs = Math.max(1_000, 2 * tookMs(reference, 1));
  const inTime: boolean[] = [];
  // Other programs may want the processors too: what the server can do shows in the best of four.
  while (inTime.length < 4 && !inTime.includes(true)) {
    const { answers, refused, looks } = await storm();
    expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(looks.filter(({ status }) => status !== 200)).toEqual([]);
    // What is let in is at work with S3, each with one request at a time.
    expect(lake.open()).toEqual({ now: 0, most: 100 });
    // A hundred run, two hundred wait. Some are through before the last of the thousand has come.
    expect(refused.length).toBeGreaterThan(200);
    expect(refused.length).toBeLessThanOrEqual(700);
    const byStatus = refused.filter(({ status }) => status !== 200);
    expect(byStatus.length).toBeGreaterThan(0);
    for (const { status, retryAfter } of byStatus) expect({ status, retryAfter }).toEqual(told);
    expect(await lake.metric("calls_running")).toBe(0);
    expect(await lake.metric("calls_queued")).toBe(0);
    const [refusedMs, healthP99Ms] = [tookMs(refused, 1), tookMs(looks, 0.99)];
    // Where the machine is slow at taking in the crowd, health checks may be slower too, by far less than the crowd: those that
    // have to wait until the whole crowd is seen to take four fifths of its time and more.
    const healthyMs = Math.max(100, refusedMs / 5);
    inTime.push(refusedMs < refusedWithinMs && healthP99Ms < healthyMs);
    console.log(
      `${refused.length} refused within ${refusedMs.toFixed(0)} ms (${refusedWithinMs.toFixed(0)} allowed), all answered within ${tookMs(answers, 1).toFixed(0)} ms, /health p99 of ${looks.length} ${healthP99Ms.toFixed(0)} ms (${healthyMs.toFixed(0)} allowed)`,
    );
  }
  expect(inTime).toContain(true);
}, 90_000);

const told = { status: 429, retryAfter: "1" };
