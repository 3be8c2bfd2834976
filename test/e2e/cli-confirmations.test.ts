import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { dynamoDbEnvironment } from "../harness/dynamodb-server.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "../harness/fault-proxy.ts";
import { type SharedState, sharedStates } from "../harness/lamp-servers.ts";
import { modernRequest, postMcp } from "../harness/rpc.ts";
import { type S3Server, startS3Server } from "../harness/s3-server.ts";

let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
});
afterAll(() => user.remove());

let s3: S3Server;
let proxy: FaultProxy;
/** What the next write of an object meets. */
let onWrite: (() => Fault) | undefined;
let writes = 0;
beforeEach(async () => {
  writes = 0;
  onWrite = undefined;
  s3 = await startS3Server(["lake"]);
  proxy = await startFaultProxy(s3.endpoint, ({ method }) => {
    if (method !== "PUT") return undefined;
    writes += 1;
    const meet = onWrite;
    onWrite = undefined;
    return meet?.();
  });
});
afterEach(async () => {
  await proxy.stop();
  await s3.stop();
});

async function startServer(env: Record<string, string>) {
  const run = user.start(["serve", "--port", "0"], {
    env: {
      ...dynamoDbEnvironment,
      SLUICE_LAKE_S3_ENDPOINT: proxy.endpoint,
      SLUICE_LAKE_S3_FORCE_PATH_STYLE: "true",
      SLUICE_LAKE_S3_REGION: "eu-west-1",
      SLUICE_LAKE_EXPORTS_BUCKETS: "lake/out/",
      SLUICE_LOG_LEVEL: "silent",
      ...env,
    },
  });
  const [, url = ""] = await run.waitFor(/serves MCP on (http:\S+\/mcp)/);
  const front = { fetch: (request: Request) => fetch(new Request(url, request)) };
  return {
    async export(args: Record<string, unknown>) {
      const { body, headers } = modernRequest("tools/call", { name: "lake_export_query", arguments: args });
      const { messages } = await postMcp(front, body, headers);
      return (messages.at(-1)?.result?.structuredContent ?? {}) as Record<string, unknown> & {
        details?: Record<string, unknown>;
      };
    },
    async kill(signal: NodeJS.Signals = "SIGKILL") {
      run.child.kill(signal);
      await run.ended;
    },
  };
}
type Server = Awaited<ReturnType<typeof startServer>>;

/** Has the server killed as it writes: before the object is there, or after. */
function killAt(when: "before" | "after", server: Server): void {
  const kill = () => void server.kill();
  onWrite = () => {
    if (when === "after") return { kind: "unanswered", answered: kill };
    kill();
    return { kind: "hang", afterBytes: -1 };
  };
}

function environmentOf({ settings }: SharedState): Record<string, string> {
  if (settings.store === "redis")
    return { SLUICE_STATE_STORE: "redis", SLUICE_STATE_REDIS_URL: settings.redis.url };
  if (settings.store !== "dynamodb") return {};
  return {
    SLUICE_STATE_STORE: "dynamodb",
    SLUICE_STATE_DYNAMODB_TABLE: settings.dynamodb.table,
    SLUICE_STATE_DYNAMODB_ENDPOINT: settings.dynamodb.endpoint ?? "",
  };
}

const SLUICE_CONFIRMATION_KEY = "a secret that the servers have in common";

describe.each(sharedStates)("sluice serve, over one $kind", ({ start, isMissing }) => {
  test.skipIf(isMissing)(
    "honours another server's plan once, and takes up an export whose server was killed",
    async () => {
      const state = await start();
      const env = { ...environmentOf(state), SLUICE_WRITES: "confirm", SLUICE_CONFIRMATION_KEY };
      const [one, two, three] = await Promise.all([startServer(env), startServer(env), startServer(env)]);
      const args = { sql: "SELECT 1 AS a", name: "shared" };
      const { details } = await one.export(args);
      const confirmed = { ...args, confirmationToken: details?.confirmationToken };
      const done = await two.export(confirmed);
      expect(done).toMatchObject({ uri: "s3://lake/out/shared.parquet", rows: 1 });
      expect(await one.export(confirmed)).toEqual({ ...done, alreadyCarriedOutAt: expect.any(String) });
      expect(writes).toBe(1);

      const taken = [];
      for (const [when, dying] of [["before", one] as const, ["after", three] as const]) {
        writes = 0;
        const planned = { sql: "SELECT 1 AS a", name: when };
        const token = (await two.export(planned)).details?.confirmationToken;
        const again = { ...planned, confirmationToken: token };
        killAt(when, dying);
        await expect(dying.export(again)).rejects.toThrow();
        expect(await two.export(again)).toMatchObject({ code: "conflict", retryable: true });
        taken.push({ when, again });
      }
      await sleep(15_000);
      for (const { when, again } of taken) {
        writes = 0;
        await expect
          .poll(() => two.export(again), { timeout: 10_000, interval: 500 })
          .toMatchObject({ uri: `s3://lake/out/${when}.parquet`, rows: 1 });
        expect(writes).toBe(when === "before" ? 1 : 0);
      }
      await two.kill();
      await state.stop();
    },
    100_000,
  );
});

test("with writes let run as they come, an export asked again after its server was killed is the same object", async () => {
  for (const when of ["before", "after"] as const) {
    const first = await startServer({ SLUICE_WRITES: "allow" });
    const args = { sql: `SELECT '${when}' AS a`, idempotencyKey: when };
    killAt(when, first);
    await expect(first.export(args)).rejects.toThrow();
    writes = 0;
    const second = await startServer({ SLUICE_WRITES: "allow" });
    const [done, again] = [await second.export(args), await second.export(args)];
    expect(done).toMatchObject({ rows: 1 });
    expect(again.uri).toBe(done.uri);
    expect(writes).toBe(when === "before" ? 1 : 0);
    await second.kill();
  }
}, 60_000);

test.each([
  [
    { SLUICE_STATE_STORE: "redis", SLUICE_STATE_REDIS_URL: "redis://127.0.0.1:1" },
    "confirmation.key: is missing",
  ],
  [{ SLUICE_CONFIRMATION_KEY }, "state.store: is memory"],
  [{ SLUICE_CONFIRMATION_OTHER_KEY: SLUICE_CONFIRMATION_KEY }, "confirmation.key: is missing"],
])("settings that would not keep to one effect are refused: %o", async (env, named) => {
  const { code, stderr } = await user.sluice(["serve"], { env: { ...env, SLUICE_WRITES: "confirm" } });
  expect(code).toBe(2);
  expect(stderr).toContain(named);
  expect(stderr).not.toContain(SLUICE_CONFIRMATION_KEY);
});
