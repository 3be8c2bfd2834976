import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { dynamoDbEnvironment, startDynamoDb } from "../harness/dynamodb-server.ts";
import { tellFigures } from "../harness/figures.ts";
import { redisProgram, startRedis } from "../harness/redis-server.ts";
import { modernRequest } from "../harness/rpc.ts";

let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
});
afterAll(() => user.remove());

/** A store that servers share, and the variables that name it. */
interface Shared {
  env: Record<string, string>;
  stop(): Promise<void>;
}

async function dynamodb(): Promise<Shared> {
  const server = await startDynamoDb();
  const env = {
    ...dynamoDbEnvironment,
    SLUICE_STATE_STORE: "dynamodb",
    SLUICE_STATE_DYNAMODB_TABLE: server.table,
    SLUICE_STATE_DYNAMODB_ENDPOINT: server.endpoint,
  };
  return { env, stop: server.stop };
}

async function redis(): Promise<Shared> {
  const server = await startRedis(redisProgram ?? "");
  return { env: { SLUICE_STATE_STORE: "redis", SLUICE_STATE_REDIS_URL: server.url }, stop: server.stop };
}

async function startServer(env: Record<string, string>) {
  const run = user.start(["serve", "--port", "0"], { env });
  const [, url = ""] = await run.waitFor(/serves MCP on (http:\S+\/mcp)/);
  return {
    url,
    async stop() {
      run.child.kill("SIGTERM");
      await run.ended;
    },
  };
}

/** Calls a tool on these servers in turn, sixteen at a time, and answers with how often each thing came of it. */
async function callAll(urls: readonly string[], calls: number): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  let next = 0;
  const work = async () => {
    for (let index = next++; index < calls; index = next++) {
      const { body, headers } = modernRequest("tools/call", { name: "lake_list_sources", arguments: {} });
      const answer = await fetch(urls[index % urls.length] ?? "", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
        body: JSON.stringify(body),
      });
      const [, code = "accepted"] = /"code":"(\w+)"/.exec(await answer.text()) ?? [];
      outcomes[code] = (outcomes[code] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return outcomes;
}

function sum(outcomes: readonly Record<string, number>[]): number {
  return outcomes.flatMap((one) => Object.values(one)).reduce((total, count) => total + count, 0);
}

/** A test that counts a day's calls must not begin before 00:00 UTC and end after. */
async function clearOfMidnight(takesMs: number): Promise<void> {
  const leftMs = 86_400_000 - (Date.now() % 86_400_000);
  if (leftMs < takesMs) await sleep(leftMs + 1_000);
}

const missing = redisProgram === undefined ? " (skipped: no redis-server or valkey-server is in PATH)" : "";

describe.each([
  { kind: "dynamodb", open: dynamodb, isMissing: false },
  { kind: `redis${missing}`, open: redis, isMissing: redisProgram === undefined },
])("two servers that count in $kind", ({ kind, open, isMissing }) => {
  test.skipIf(isMissing)(
    "let in 1,000 of 1,001 calls of a day, though one of them is started anew",
    async () => {
      await clearOfMidnight(60_000);
      const shared = await open();
      const limits = { SLUICE_LIMITS_PER_DAY: "1000", SLUICE_LIMITS_RATE_PER_SECOND: "unlimited" };
      const env = { ...shared.env, ...limits, SLUICE_LOG_LEVEL: "silent" };
      const [first, second] = await Promise.all([startServer(env), startServer(env)]);
      const before = await callAll([first.url, second.url], 500);
      expect(before).toEqual({ accepted: 500 });
      await first.stop();
      const again = await startServer(env);
      const after = await callAll([again.url, second.url], 501);
      expect(after).toEqual({ accepted: 500, throttled: 1 });
      await shared.stop();
      expect(await callAll([again.url], 1)).toEqual({ unavailable: 1 });
      const of = (path: string) => fetch(again.url.replace("/mcp", path));
      expect(await of("/health/ready")).toMatchObject({ status: 503 });
      expect(await callAll([again.url], 200)).toEqual({ unavailable: 200 });
      const ready = await of("/health/ready");
      expect(ready.status).toBe(503);
      expect(await ready.text()).toMatch(
        /"(dynamodb|redis) in [^"]+":\{[^}]*"cut off, tried again in \d+ s"/,
      );
      expect(await (await of("/metrics")).text()).toMatch(
        /sluice_breaker_state\{service="(dynamodb|redis)",region="[^"]+",account=""\} 2/,
      );
      expect(await fetch(again.url.replace("/mcp", "/health"))).toMatchObject({ status: 200 });
      await Promise.all([again.stop(), second.stop()]);
      tellFigures({
        [`${kind}: calls over two servers, 16 at once`]: sum([before, after]),
        [`${kind}: accepted before one of them was started anew`]: before.accepted ?? 0,
        [`${kind}: accepted after that`]: after.accepted ?? 0,
        [`${kind}: accepted of the day's 1,000`]: (before.accepted ?? 0) + (after.accepted ?? 0),
        [`${kind}: refused`]: after.throttled ?? 0,
      });
    },
    180_000,
  );
});

test("a server of one user is not bound by default, and by what is set from then on", async () => {
  const free = await startServer({ SLUICE_LOG_LEVEL: "silent" });
  expect(await callAll([free.url], 60)).toEqual({ accepted: 60 });
  await free.stop();
  const bound = await startServer({ SLUICE_LIMITS_RATE_PER_SECOND: "0.01", SLUICE_LIMITS_BURST: "5" });
  expect(await callAll([bound.url], 15)).toEqual({ accepted: 5, throttled: 10 });
  await bound.stop();
});
