import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import { createRoleCredentials } from "../../src/lake/stores/role-credentials.ts";
import { DynamoDbStore } from "../../src/state/dynamodb-store.ts";
import { type DynamoDbServer, dynamoDbEnvironment, startDynamoDb } from "../harness/dynamodb-server.ts";
import { lakeSettings, loopbackS3 } from "../harness/lake-settings.ts";
import { minutes20Ms, type OtherClock, signedMs, startOtherClock } from "../harness/other-clock.ts";
import { readAll } from "../harness/read-all.ts";
import { type S3Server, s3Credentials, startS3Server } from "../harness/s3-server.ts";
import { startStsServer } from "../harness/sts-server.ts";

const { signal } = new AbortController();
const opened: { stop(): unknown }[] = [];
let s3: S3Server;
let dynamoDb: DynamoDbServer;

beforeAll(async () => {
  s3 = await startS3Server(["data"]);
  dynamoDb = await startDynamoDb();
  await s3.put("data", "a.txt", "aaa");
  await s3.put("data", "b.txt", "bbb");
});
beforeEach(() => {
  for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const one of opened.splice(0)) await one.stop();
});
afterAll(async () => {
  await s3.stop();
  await dynamoDb.stop();
});

async function underClock(...given: Parameters<typeof startOtherClock>): Promise<OtherClock> {
  const clock = await startOtherClock(...given);
  opened.push(clock);
  return clock;
}

async function startStores(aheadMs: () => number) {
  const body = "<Error><Code>RequestTimeTooSkewed</Code><Message>raw words of AWS</Message></Error>";
  const { endpoint, verdicts } = await underClock(s3.endpoint, { status: 403, body }, aheadMs);
  const buckets = [{ bucket: "data", prefix: "" }];
  const { exports } = lakeSettings();
  const settings = lakeSettings({ buckets, s3: loopbackS3(endpoint), exports: { ...exports, buckets } });
  const stores = createStores(settings, { credentials: s3Credentials });
  opened.push({ stop: stores.close });
  const location = (key: string) => ({ kind: "s3" as const, bucket: "data", key });
  const read = async (key: string) =>
    (await readAll((await stores.read({ location: location(key) }, signal)).body)).toString();
  return { stores, verdicts, location, read };
}

test.each([minutes20Ms, -minutes20Ms])(
  "a clock that S3's is %d ms ahead of is corrected once, for objects asked for in short too",
  async (aheadMs) => {
    const { verdicts, read } = await startStores(() => aheadMs);
    expect([await read("a.txt"), await read("b.txt"), await read("a.txt")]).toEqual(["aaa", "bbb", "aaa"]);
    expect(verdicts).toEqual(["refused", "taken", "taken", "taken"]);
  },
);

test.each([minutes20Ms, -minutes20Ms])(
  "so is one that is set by %d ms while objects are asked for in short",
  async (setMs) => {
    let aheadMs = 0;
    const { verdicts, read } = await startStores(() => aheadMs);
    await read("a.txt");
    await read("b.txt");
    aheadMs = setMs;
    expect([await read("a.txt"), await read("b.txt")]).toEqual(["aaa", "bbb"]);
    expect(verdicts).toEqual(["taken", "taken", "refused", "taken", "taken"]);
  },
);

test("a clock that moves while objects are asked for in short is followed, with no refusal", async () => {
  let aheadMs = 0;
  const { verdicts, read } = await startStores(() => aheadMs);
  for (const _ of Array(5)) {
    await read("a.txt");
    aheadMs += minutes20Ms / 2;
  }
  expect(verdicts).not.toContain("refused");
});

test.each(["head", "list"] as const)("%s is corrected once, by the answer's head alone", async (ask) => {
  const { stores, verdicts, location } = await startStores(() => minutes20Ms);
  if (ask === "head") await stores.head(location("a.txt"), signal);
  else await stores.list({ maxKeys: 10, location: location("") }, signal);
  expect(verdicts).toEqual(["refused", "taken"]);
});

test("where no correction helps, the clock is named", async () => {
  let aheadMs = 0;
  const { stores, verdicts, read, location } = await startStores(() => {
    aheadMs += minutes20Ms;
    return aheadMs;
  });
  const named = { code: "unavailable", message: expect.stringContaining("clock differs from AWS's") };
  const refused = await read("a.txt").catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject(named);
  expect(String(refused)).not.toContain("raw words");
  // As often as the AWS SDK sends anything.
  expect(verdicts).toHaveLength(3);
  await expect(stores.head(location("a.txt"), signal)).rejects.toMatchObject(named);
});

test.each([minutes20Ms, -minutes20Ms])("a link is signed by S3's clock, %d ms ahead", async (aheadMs) => {
  const { stores, read, location } = await startStores(() => aheadMs);
  await read("a.txt");
  const { url } = await stores.uploads.link(
    location("a.txt"),
    { nowMs: Date.now(), expiresMs: 60_000 },
    signal,
  );
  const signedAtMs = signedMs(new URL(url).searchParams.get("X-Amz-Date"));
  expect(Math.abs(signedAtMs - Date.now() - aheadMs)).toBeLessThan(5_000);
});

test.each(["RequestTimeTooSkewed", "InvalidSignatureException"])(
  "DynamoDB that answers %s is asked once more, and then not again",
  async (code) => {
    const body = JSON.stringify({ __type: `com.amazon.coral.service#${code}`, message: "Signature expired" });
    const refusal = { status: 400, body };
    const { endpoint, verdicts } = await underClock(dynamoDb.endpoint, refusal, () => minutes20Ms);
    const store = new DynamoDbStore({ table: dynamoDb.table, endpoint }, Date.now);
    opened.push({ stop: () => store.close() });
    const key = { tenantId: "a", name: code };
    const limits = { most: 5, expiresAtMs: Date.now() + 60_000 };
    expect(await store.increment(key, limits)).toEqual({ isAccepted: true, count: 1 });
    const before = verdicts.length;
    expect(await store.increment(key, limits)).toEqual({ isAccepted: true, count: 2 });
    expect(verdicts[0]).toBe("refused");
    expect(verdicts.slice(1)).not.toContain("refused");
    expect(verdicts.length).toBeGreaterThan(before);
  },
);

async function askRole(aheadMs: () => number) {
  const sts = await startStsServer(Date.now);
  opened.push(sts);
  const words = "Signature expired: 20261126T000000Z is now earlier than 20261126T000500Z";
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>${words}</Message></Error></ErrorResponse>`;
  const { endpoint, verdicts } = await underClock(sts.endpoint, { status: 403, body }, aheadMs);
  vi.stubEnv("AWS_ENDPOINT_URL_STS", endpoint);
  const role = { tenantId: "a", roleArn: "arn:aws:iam::111122223333:role/a", sessionTags: {} };
  const given = { region: "eu-west-1", credentials: s3Credentials };
  const options = { ...role, externalId: undefined, s3: given };
  return { role: createRoleCredentials(options, { now: Date.now }), verdicts };
}

test("a tenant's role is asked for once more, by STS's clock", async () => {
  const { role, verdicts } = await askRole(() => minutes20Ms);
  await expect(role.provide()).resolves.toMatchObject({ sessionToken: "t" });
  expect(verdicts).toEqual(["refused", "taken"]);
});

test("where STS refuses for the time again and again, the clock is named, and not the role", async () => {
  let aheadMs = 0;
  const { role } = await askRole(() => {
    aheadMs += minutes20Ms;
    return aheadMs;
  });
  const named = { code: "unavailable", message: expect.stringContaining("clock differs") };
  await expect(role.provide()).rejects.toMatchObject(named);
});
