import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBreakers } from "../../src/resilience/breakers.ts";
import { measureJournal } from "../audit-journal.ts";
import type { Section } from "../report.ts";
import { median, quantile } from "../stats.ts";

const leastRecords = 5_000;

/** Durable records a second; `npm run bench:audit` says more of it. */
export async function measureRecords(rounds: number, runMs: number): Promise<Section> {
  const root = await mkdtemp(join(tmpdir(), "sluice-bench-records-"));
  const atOnce = [16, 100];
  const found = new Map(
    atOnce.map((concurrency): [number, { perSecond: number[]; p99Ms: number[] }] => [
      concurrency,
      { perSecond: [], p99Ms: [] },
    ]),
  );
  try {
    for (let round = 0; round < rounds; round++) {
      for (const concurrency of atOnce) {
        const dir = join(root, `${round}-${concurrency}`);
        const { perSecond, latenciesMs } = await measureJournal({ dir, what: "records", concurrency, runMs });
        found.get(concurrency)?.perSecond.push(perSecond);
        found.get(concurrency)?.p99Ms.push(quantile(latenciesMs, 0.99));
      }
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  const best = Math.max(...[...found.values()].map(({ perSecond }) => median(perSecond)));
  return {
    title: "Audit records",
    about: `Records a second that are durable, each waited for by its writer; medians of ${rounds} rounds of ${runMs / 1_000} s.`,
    columns: ["", "per second", "p99"],
    rows: [...found].map(([concurrency, { perSecond, p99Ms }]) => [
      `${concurrency} at once`,
      Math.round(median(perSecond)).toLocaleString("en-US"),
      `${median(p99Ms).toFixed(1)} ms`,
    ]),
    goals: [
      {
        text: `${Math.round(best).toLocaleString("en-US")} durable records a second (at least ${leastRecords.toLocaleString("en-US")})`,
        met: best >= leastRecords,
      },
    ],
  };
}

const breakerCalls = 200_000;

/** What a closed breaker adds to a request. */
export async function measureBreaker(rounds: number): Promise<Section> {
  const settings = { failures: 5, resetMs: 60_000, halfOpenCalls: 3, probeTimeoutMs: 30_000 };
  const breakers = createBreakers({ settings, now: Date.now });
  const target = { service: "s3", region: "eu-central-1" };
  const { signal } = new AbortController();
  const send = async () => 1;
  const guarded = () => breakers.run(target, { send, signal, isFailure: () => true });
  const addedNs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const bareNs = await nsPerCall(send);
    const added = (await nsPerCall(guarded)) - bareNs;
    if (round > 0) addedNs.push(added);
  }
  return {
    title: "Circuit breaker",
    about: `A closed breaker around a request that answers at once; median of ${rounds} rounds of ${breakerCalls.toLocaleString("en-US")} calls.`,
    columns: ["", "added to each call"],
    rows: [["closed breaker", `${Math.round(median(addedNs)).toLocaleString("en-US")} ns`]],
    goals: [],
  };
}

async function nsPerCall(run: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  for (let call = 0; call < breakerCalls; call++) await run();
  return ((performance.now() - startedMs) * 1e6) / breakerCalls;
}
