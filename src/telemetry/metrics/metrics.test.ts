import { expect, test } from "vitest";
import { call, pathWith, tool } from "../../../test/harness/call-path.ts";
import { ToolError } from "../../core/errors.ts";
import { unguarded } from "../../core/steps.ts";
import { createMetrics } from "./create-metrics.ts";

function counted() {
  const metrics = createMetrics();
  const limited = (limit: string) =>
    tool(`test_${limit}`, {
      handle: async () => {
        throw new ToolError("throttled", "No.", { details: { limit } });
      },
    });
  const tools = [tool("test_say"), tool("test_write", { effect: "write" }), limited("rate"), limited("day")];
  const path = pathWith(tools, { steps: { ...unguarded, observer: metrics.observer } });
  const values = async (start: string) =>
    (await metrics.read()).text.split("\n").filter((line) => line.startsWith(start));
  return { metrics, path, values };
}

test("calls are counted by tool, effect and outcome, and timed in seconds", async () => {
  const { path, values } = counted();
  await call(path, "test_say");
  await call(path, "test_say");
  await call(path, "test_say", { times: 99 });
  await call(path, "test_write");
  expect(await values("sluice_calls_total")).toEqual([
    'sluice_calls_total{tool="test_say",effect="read",outcome="ok"} 2',
    'sluice_calls_total{tool="test_say",effect="read",outcome="invalid_input"} 1',
    'sluice_calls_total{tool="test_write",effect="write",outcome="denied"} 1',
  ]);
  expect(await values("sluice_call_duration_seconds_count")).toContain(
    'sluice_call_duration_seconds_count{tool="test_say",effect="read"} 3',
  );
  // The clock of the path goes on by a millisecond or two with each look.
  const [sum] = await values('sluice_call_duration_seconds_sum{tool="test_say"');
  expect(Number(sum?.split(" ")[1])).toBeLessThan(0.1);
});

test("refusals are counted by the limit", async () => {
  const { path, values } = counted();
  await call(path, "test_rate");
  await call(path, "test_day");
  expect(await values("sluice_calls_refused_total")).toEqual([
    'sluice_calls_refused_total{limit="rate"} 1',
    'sluice_calls_refused_total{limit="quota"} 1',
    'sluice_calls_refused_total{limit="queue"} 0',
  ]);
});

test("nothing that a caller makes up becomes a label or a line", async () => {
  const { path, values, metrics } = counted();
  const before = (await metrics.read()).text.split("\n").length;
  const made = Array.from({ length: 500 }, (_, index) => `no_tool_${index}"} 1\nforged 1\u2028`);
  for (const name of [...made, "__proto__", "constructor"]) await call(path, name, { word: "hunter2" });
  expect(await values("sluice_calls_total")).toEqual([
    'sluice_calls_total{tool="(unknown)",effect="none",outcome="unknown_tool"} 502',
  ]);
  const { text } = await metrics.read();
  expect(text).not.toMatch(/no_tool|forged|hunter2|local/);
  expect(text.split("\n").length - before).toBeLessThan(10);
});

const cacheUse = {
  usedBytes: 5,
  maxBytes: 9,
  objectHits: 7,
  objectMisses: 3,
  derivedHits: 2,
  derivedMisses: 1,
  fetchedBytes: 400,
  evictions: 6,
  evictedBytes: 300,
};

test("services are told by state, and cut off ones counted", async () => {
  const { metrics, values } = counted();
  const s3 = { service: "s3", region: "eu-central-1", account: "123456789012" };
  const states = ["closed", "half_open", "open"];
  metrics.watch({
    places: () => ({ taken: 3, waiting: 2, streams: 4 }),
    cache: () => cacheUse,
    breakers: () => states.map((state) => ({ ...s3, region: state, state })),
  });
  metrics.breakerChanged(s3, "open");
  metrics.breakerChanged(s3, "half_open");
  expect(await values("sluice_breaker")).toEqual([
    'sluice_breaker_opened_total{service="s3",region="eu-central-1",account="123456789012"} 1',
    'sluice_breaker_state{service="s3",region="closed",account="123456789012"} 0',
    'sluice_breaker_state{service="s3",region="half_open",account="123456789012"} 1',
    'sluice_breaker_state{service="s3",region="open",account="123456789012"} 2',
  ]);
  expect([...(await values("sluice_calls_running")), ...(await values("sluice_calls_queued"))]).toEqual([
    "sluice_calls_running 3",
    "sluice_calls_queued 2",
  ]);
});

test("of the roles of one account the metric tells the worst, and names none", async () => {
  const { metrics, values } = counted();
  const s3 = { service: "s3", region: "eu-central-1", account: "123456789012" };
  const states = Object.entries({ a: "closed", b: "open", c: "half_open" });
  metrics.watch({
    places: () => ({ taken: 0, waiting: 0, streams: 0 }),
    cache: () => cacheUse,
    breakers: () => states.map(([role, state]) => ({ ...s3, role, state })),
  });
  expect(await values("sluice_breaker_state")).toEqual([
    'sluice_breaker_state{service="s3",region="eu-central-1",account="123456789012"} 2',
  ]);
});

test("the block cache is told by what it holds and did, as it is when somebody reads", async () => {
  const { metrics, values } = counted();
  let use = cacheUse;
  metrics.watch({
    places: () => ({ taken: 0, waiting: 0, streams: 0 }),
    breakers: () => [],
    cache: () => use,
  });
  await metrics.read();
  use = { ...use, objectHits: 8 };
  const lines = (await values("sluice_cache_")).sort();
  expect(lines).toEqual([
    "sluice_cache_evicted_bytes_total 300",
    "sluice_cache_evictions_total 6",
    "sluice_cache_fetched_bytes_total 400",
    'sluice_cache_hits_total{kind="derived"} 2',
    'sluice_cache_hits_total{kind="object"} 8',
    "sluice_cache_max_bytes 9",
    'sluice_cache_misses_total{kind="derived"} 1',
    'sluice_cache_misses_total{kind="object"} 3',
    "sluice_cache_used_bytes 5",
  ]);
});
