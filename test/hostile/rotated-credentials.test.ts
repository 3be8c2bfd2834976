import { setMaxListeners } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createCloudwatchSink } from "../../src/audit/relay/cloudwatch-sink.ts";
import { createStores, type StoresDeps } from "../../src/lake/stores/create-stores.ts";
import { DynamoDbStore } from "../../src/state/dynamodb-store.ts";
import { type DynamoDbServer, startDynamoDb } from "../harness/dynamodb-server.ts";
import { type Fault, startFaultProxy } from "../harness/fault-proxy.ts";
import { lakeSettings, loopbackS3 } from "../harness/lake-settings.ts";
import { readAll } from "../harness/read-all.ts";
import { type S3Server, s3Credentials, startS3Server } from "../harness/s3-server.ts";

const opened: (() => unknown)[] = [];
let home: string;
let s3: S3Server;
let dynamoDb: DynamoDbServer;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "sluice-rotated-"));
  s3 = await startS3Server(["data"]);
  dynamoDb = await startDynamoDb();
  await s3.put("data", "a.txt", "aaa");
});
beforeEach(() => {
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"])
    vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_REGION", "eu-west-1");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_CONFIG_FILE", join(home, "none"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(home, "credentials"));
  return writeKey("OLD");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of opened.splice(0)) await close();
});
afterAll(async () => {
  await s3.stop();
  await dynamoDb.stop();
  await rm(home, { recursive: true });
});

/** As somebody does who logs in again, or rotates keys, under a running server. */
function writeKey(key: string): Promise<void> {
  const lines = ["[default]", `aws_access_key_id = ${key}`, "aws_secret_access_key = s", ""];
  return writeFile(join(home, "credentials"), lines.join("\n"));
}

/** Answers `refusal` to whoever signs with a key that is taken no more. */
async function refusing(target: string, refusal: Fault) {
  const taken = new Set(["OLD"]);
  const keys: string[] = [];
  const proxy = await startFaultProxy(target, ({ headers }) => {
    const key = /Credential=(\w+)\//.exec(String(headers.authorization))?.[1] ?? "";
    keys.push(key);
    return taken.has(key) ? undefined : refusal;
  });
  opened.push(proxy.stop);
  return { endpoint: proxy.endpoint, taken, keys };
}

async function startStores(code: string, deps: StoresDeps = {}) {
  const body = `<Error><Code>${code}</Code><Message>raw words of AWS</Message></Error>`;
  const status = code === "InvalidAccessKeyId" ? 403 : 400;
  const { endpoint, ...refused } = await refusing(s3.endpoint, { kind: "answer", status, body });
  const buckets = [{ bucket: "data", prefix: "" }];
  const stores = createStores(lakeSettings({ buckets, s3: loopbackS3(endpoint) }), deps);
  opened.push(stores.close);
  const at = (key: string) => ({ kind: "s3" as const, bucket: "data", key });
  const { signal } = new AbortController();
  setMaxListeners(1_000, signal);
  const ask = {
    read: async () => (await readAll((await stores.read({ location: at("a.txt") }, signal)).body)).toString(),
    head: async () => (await stores.head(at("a.txt"), signal)).sizeBytes,
    list: async () => Object.keys(await stores.list({ maxKeys: 10, location: at("") }, signal)).length,
  };
  return { ...refused, ask };
}

const codes = ["ExpiredToken", "InvalidAccessKeyId"];
const asks = ["read", "head", "list"] as const;

test.each(codes.flatMap((code) => asks.map((how) => [code, how] as const)))(
  "after %s in mid-run, %s goes on with the key that is in the file by now",
  async (code, how) => {
    const { ask, taken, keys } = await startStores(code);
    // The second is asked for in short.
    const before = [await ask[how](), await ask[how]()];
    taken.clear();
    taken.add("NEW");
    await writeKey("NEW");
    expect([await ask[how](), await ask[how]()]).toEqual(before);
    expect(keys.slice(0, 2)).toEqual(["OLD", "OLD"]);
    expect(keys.slice(2).filter((key) => key === "OLD").length).toBeLessThanOrEqual(2);
  },
);

test.each(asks)("where nobody logged in again, %s says how, each time", async (how) => {
  const { ask, taken, keys } = await startStores("ExpiredToken");
  await ask[how]();
  await ask[how]();
  taken.clear();
  for (let time = 0; time < 2; time++) {
    const refused = await ask[how]().catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: "denied", message: expect.stringContaining("aws sso login") });
    expect(String(refused)).not.toContain("raw words");
  }
  expect(keys.length).toBeLessThanOrEqual(12);
});

test("many who are refused at once read the credentials once", async () => {
  let [current, given] = ["OLD", 0];
  const credentials = async () => {
    given++;
    return { ...s3Credentials, accessKeyId: current };
  };
  const { ask, taken } = await startStores("ExpiredToken", { credentials });
  await ask.read();
  expect(given).toBe(1);
  taken.clear();
  taken.add("NEW");
  current = "NEW";
  const all = await Promise.all(Array.from({ length: 50 }, () => ask.read()));
  expect(new Set(all)).toEqual(new Set(["aaa"]));
  expect(given).toBe(2);
});

const dynamoDbRefusal: Fault = {
  kind: "answer",
  status: 400,
  body: JSON.stringify({ __type: "com.amazon.coral.service#UnrecognizedClientException", message: "raw" }),
};

async function startStore() {
  const { endpoint, ...refused } = await refusing(dynamoDb.endpoint, dynamoDbRefusal);
  const store = new DynamoDbStore({ table: dynamoDb.table, endpoint }, Date.now);
  opened.push(() => store.close());
  const limits = { most: 9, expiresAtMs: Date.now() + 60_000 };
  return { ...refused, count: (name: string) => store.increment({ tenantId: "a", name }, limits) };
}

test("the state store goes on with a rotated key", async () => {
  const { count, taken, keys } = await startStore();
  await count("rotated");
  taken.clear();
  taken.add("NEW");
  await writeKey("NEW");
  keys.length = 0;
  expect(await count("rotated")).toEqual({ isAccepted: true, count: 2 });
  expect(await count("rotated")).toEqual({ isAccepted: true, count: 3 });
  expect(keys).toEqual(["OLD", "NEW", "NEW"]);
});

test("so do all who are refused at once", async () => {
  const { count, taken } = await startStore();
  await count("many-0");
  taken.clear();
  taken.add("NEW");
  await writeKey("NEW");
  const counted = await Promise.all(Array.from({ length: 20 }, (_, at) => count(`many-${at}`)));
  expect(counted.every(({ isAccepted }) => isAccepted)).toBe(true);
});

test("a key that is no other by now is not tried again", async () => {
  const { count, taken, keys } = await startStore();
  await count("same");
  taken.clear();
  keys.length = 0;
  await expect(count("same")).rejects.toMatchObject({ code: "unavailable" });
  expect(keys).toEqual(["OLD"]);
});

test("the relay to CloudWatch Logs goes on with a rotated key", async () => {
  const body = JSON.stringify({ __type: "ExpiredTokenException", message: "raw" });
  const whole = await startFaultProxy("http://127.0.0.1:9", () => ({
    kind: "answer",
    status: 200,
    body: "{}",
  }));
  opened.push(whole.stop);
  const refused = await refusing(whole.endpoint, { kind: "answer", status: 400, body });
  const sink = createCloudwatchSink(
    { logGroup: "g", region: "eu-west-1", endpoint: refused.endpoint },
    Date.now,
  );
  opened.push(() => sink.close());
  const record = { chain: "c", sequence: 1, hash: "0", kind: "intent", time: new Date().toISOString() };
  const records = [{ record, line: "{}" }] as unknown as Parameters<typeof sink.send>[0];
  await sink.send(records);
  refused.taken.clear();
  refused.taken.add("NEW");
  await writeKey("NEW");
  await sink.send(records);
  expect(refused.keys.slice(-2)).toEqual(["OLD", "NEW"]);
});
