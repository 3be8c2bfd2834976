import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { openAnchors } from "../../src/audit/anchors/open-anchors.ts";
import { readLine } from "../../src/audit/record/record.ts";
import { createAuditTable } from "../../src/audit/table/audit-table.ts";
import { verifyTable } from "../../src/audit/verify/verify-table.ts";
import { type DynamoDbServer, dynamoDbEnvironment, startDynamoDb } from "../harness/dynamodb-server.ts";
import {
  httpApiEvent,
  type LambdaFunction,
  startLambda,
  timeLeft,
  toResponse,
} from "../harness/lambda-function.ts";
import { type LockedBucket, startLockedBucket } from "../harness/locked-bucket.ts";
import { modernRequest, readAnswer } from "../harness/rpc.ts";

const key = "a-key-of-some-length-4711";
let server: DynamoDbServer;
let bucket: LockedBucket;
beforeAll(async () => {
  for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
  [server, bucket] = await Promise.all([startDynamoDb("sluice-audit"), startLockedBucket()]);
});
let lambda: LambdaFunction | undefined;
afterEach(async () => {
  await lambda?.close();
  lambda = undefined;
});
afterAll(async () => {
  await Promise.all([server.stop(), bucket.stop()]);
  vi.unstubAllEnvs();
});

const start = async (anchorEveryMs: string) => {
  lambda = await startLambda({
    ...{ "auth.modes": ["api_key"], "auth.apiKey": key, "audit.sinks": ["stdout"] },
    ...{ "audit.dynamodb.table": server.table, "audit.dynamodb.endpoint": server.endpoint },
    ...{ "audit.anchor": "s3://locked/anchors/", "audit.dynamodb.anchorEveryMs": anchorEveryMs },
    ...{
      "lake.s3.endpoint": bucket.endpoint,
      "lake.s3.forcePathStyle": "true",
      "lake.s3.region": "eu-west-1",
    },
    ...{ "limits.ratePerSecond": "unlimited", "limits.perDay": "unlimited" },
  });
  return lambda;
};
const ask = async ({ handler }: LambdaFunction, text: string) => {
  const { body, headers } = modernRequest("tools/call", { name: "echo_text", arguments: { text } });
  const accept = "application/json, text/event-stream";
  const sent = { "content-type": "application/json", accept, "x-api-key": key, ...headers };
  const event = httpApiEvent({ headers: sent, body: JSON.stringify(body) });
  return readAnswer(toResponse(await handler(event, timeLeft())));
};
const verdict = () => {
  const table = createAuditTable({
    table: server.table,
    region: "eu-west-1",
    endpoint: server.endpoint,
    retentionDays: 90,
  });
  const rows = table.read({});
  return verifyTable({
    rows,
    store: openAnchors(bucket.anchor()),
    keptSinceMs: Date.now() - 90 * 86_400_000,
  });
};

test("with a head after each call, what was answered is anchored and printed before the function can be frozen", async () => {
  const environment = await start("0");
  for (let index = 1; index <= 3; index++) {
    await ask(environment, `word ${index}`);
    const { chains, problems } = await verdict();
    expect(problems).toEqual([]);
    expect(chains).toMatchObject([{ lastSequence: index, anchoredThrough: index }]);
    expect(environment.recorded).toHaveLength(index);
  }
  expect(environment.recorded.map((line) => readLine(line)?.kind)).toEqual(Array(3).fill("outcome"));
});

test("by default, many calls of an environment share an anchor", async () => {
  bucket.state.puts = 0;
  const environment = await start("30s");
  for (let index = 0; index < 10; index++) await ask(environment, "word");
  expect(bucket.state.puts).toBe(1);
});
