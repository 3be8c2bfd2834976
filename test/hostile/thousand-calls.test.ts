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

/** What load balancers ask: each time by a new connection, which stands behind all that came before. */
const check = { path: "/health", headers: { connection: "close" } };
const checks = Array.from({ length: 10 }, () => check);
const isCheck = ({ path }: LoadAnswer) => path === check.path;

/** A thousand calls at once, half of them by MCP, and right behind them ten checks of health; beside them fifty a second. */
async function storm() {
  const watched = watcher.steady({ port: lake.port, request: check, perSecond: 50, durationMs: 3_000 });
  const calls = Array.from({ length: 1_000 }, (_, index) =>
    index % 2 === 0
      ? listingCall(random(1e9))
      : { path: "/summarize", method: "POST", body: JSON.stringify({ uri: `s3://data/no-${random(1e9)}` }) },
  );
  const answers = await crowd.burst(lake.port, [...calls, ...checks]);
  const refused = answers.filter(({ code }) => code === "throttled");
  return { answers, refused, lastCheckAt: answers.findLastIndex(isCheck), looks: await watched };
}

/** Holds on any machine, however slow. */
async function expectBounded({ answers, refused, looks, lastCheckAt }: Awaited<ReturnType<typeof storm>>) {
  expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
  expect([...looks, ...answers.filter(isCheck)].filter(({ status }) => status !== 200)).toEqual([]);
  // What is let in is at work with S3, each with one request at a time.
  expect(lake.open()).toEqual({ now: 0, most: 100 });
  // A hundred run, two hundred wait. Some are through before the last of the thousand has come.
  expect(refused.length).toBeGreaterThan(50);
  expect(refused.length).toBeLessThanOrEqual(700);
  const byStatus = refused.filter(({ status }) => status !== 200);
  expect(byStatus.length).toBeGreaterThan(0);
  for (const { status, retryAfter } of byStatus) expect({ status, retryAfter }).toEqual(told);
  // Those who stand last in the crowd and ask for health are answered among the first.
  expect(lastCheckAt).toBeLessThan(100);
  expect(await lake.metric("calls_running")).toBe(0);
  expect(await lake.metric("calls_queued")).toBe(0);
}

test(`of a thousand calls at once a hundred run, the rest wait or are refused within a second, none hangs, and health answers (STORM_SEED=${seed})`, async () => {
  const inTime: boolean[] = [];
  // Other programs may want the processors too: how fast the server can be shows in the best of three.
  while (inTime.length < 3 && !inTime.includes(true)) {
    const now = await storm();
    const { answers, refused, looks, lastCheckAt } = now;
    await expectBounded(now);
    const [refusedMs, healthP99Ms] = [tookMs(refused, 1), tookMs(looks, 0.99)];
    const refusedWithinMs = await allowedMs();
    // Where others want the processors, times swing by more than this is about; the order of answers does not.
    const healthWithinMs = refusedWithinMs / 2;
    inTime.push(refusedMs < refusedWithinMs && healthP99Ms < healthWithinMs);
    console.log(
      `${refused.length} refused within ${refusedMs.toFixed(0)} ms (${refusedWithinMs.toFixed(0)} allowed), all answered within ${tookMs(answers, 1).toFixed(0)} ms, /health p99 of ${looks.length} ${healthP99Ms.toFixed(0)} ms (${healthWithinMs.toFixed(0)} allowed), those behind the crowd among the first ${lastCheckAt + 1}`,
    );
  }
  expect(inTime).toContain(true);
}, 60_000);

/** A second, or more where this machine is slow, just now, at a thousand calls that do nothing. */
async function allowedMs(): Promise<number> {
  return Math.max(1_000, 2 * tookMs(await crowd.burst(lake.port, callsThatDoNothing()), 1));
}

const callsThatDoNothing = () =>
  Array.from({ length: 1_000 }, () => toolCall("lake_list_objects", { uri: 7 }));

test("a server that could do nothing while a thousand called it answers health first, to those who came last too", async () => {
  lake.run.child.kill("SIGSTOP");
  const answered = crowd.burst(lake.port, [...callsThatDoNothing(), ...checks]);
  await sleep(2_000);
  lake.run.child.kill("SIGCONT");
  const answers = await answered;
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  console.log(`the last of those behind the crowd as number ${answers.findLastIndex(isCheck) + 1}`);
  expect(answers.findLastIndex(isCheck)).toBeLessThan(100);
});

const told = { status: 429, retryAfter: "1" };
