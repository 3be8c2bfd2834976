import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { startFaultProxy } from "../../../test/harness/fault-proxy.ts";
import { lakeSettings } from "../../../test/harness/lake-settings.ts";
import { type S3Server, s3Credentials, startS3Server } from "../../../test/harness/s3-server.ts";
import type { S3Settings } from "../settings.ts";
import { createStores, type StoresDeps } from "./create-stores.ts";
import { createS3Clients } from "./s3-clients.ts";

const { signal } = new AbortController();
let server: S3Server;
let home: string;

beforeAll(async () => {
  server = await startS3Server(["data"]);
  await server.put("data", "x", "x");
  home = await mkdtemp(join(tmpdir(), "sluice-aws-"));
});
afterAll(async () => {
  await server.stop();
  await rm(home, { recursive: true });
});
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", join(home, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(home, "credentials"));
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  server.requests.length = 0;
});
afterEach(() => vi.unstubAllEnvs());

function head(s3: Partial<S3Settings>, deps: StoresDeps = { credentials: s3Credentials }) {
  const settings = { region: undefined, endpoint: undefined, forcePathStyle: true, ...s3 };
  const stores = createStores(
    lakeSettings({ buckets: [{ bucket: "data", prefix: "" }], s3: settings }),
    deps,
  );
  return stores.head(stores.resolve("s3://data/x"), signal).finally(() => stores.close());
}

const signedFor = () =>
  /\/([a-z0-9-]+)\/s3\//.exec(String(server.requests.at(-1)?.headers.authorization))?.[1];

test("no region is bad input that says how to set one, never a guess", async () => {
  const expected = { code: "invalid_input", message: expect.stringMatching(/AWS_REGION.*lake\.s3\.region/) };
  await expect(head({})).rejects.toMatchObject(expected);
  await expect(head({ endpoint: "https://s3.eu-west-1.amazonaws.com" })).rejects.toMatchObject(expected);
});

test("where the bucket's region may be asked for, a client without one is made all the same", async () => {
  const timeouts = { connectMs: 100, answerMs: 100, idleMs: 100 };
  const clients = createS3Clients({
    settings: { region: undefined, endpoint: undefined, forcePathStyle: false },
    timeouts,
    credentials: s3Credentials,
    findsRegion: true,
  });
  expect(await (await clients.client()).config.region()).toBe("us-east-1");
  expect(await (await clients.client("eu-north-1")).config.region()).toBe("eu-north-1");
  clients.close();
});

test("the region comes from the settings, then from where the AWS SDK looks", async () => {
  await head({ endpoint: server.endpoint, region: "eu-north-1" });
  expect(signedFor()).toBe("eu-north-1");
  vi.stubEnv("AWS_REGION", "sa-east-1");
  await head({ endpoint: server.endpoint });
  expect(signedFor()).toBe("sa-east-1");
});

test("an endpoint outside AWS is signed for the region such servers take when none is set", async () => {
  await head({ endpoint: server.endpoint });
  expect(signedFor()).toBe("us-east-1");
});

test("the AWS SDK's own endpoint variable counts", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL_S3", server.endpoint);
  await head({ region: "eu-west-1" });
  expect(server.requests).toHaveLength(1);
});

test("no credentials is denied, and says how to give some", async () => {
  await expect(head({ endpoint: server.endpoint }, {})).rejects.toMatchObject({
    code: "denied",
    message: expect.stringContaining("AWS_PROFILE"),
  });
});

test("an expired login names the command", async () => {
  await writeFile(
    join(home, "config"),
    "[profile work]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\nregion = eu-west-1\n[sso-session corp]\nsso_start_url = https://example.invalid/start\nsso_region = eu-west-1\n",
  );
  vi.stubEnv("AWS_PROFILE", "work");
  await expect(head({ endpoint: server.endpoint }, {})).rejects.toMatchObject({
    code: "denied",
    message: expect.stringContaining("aws sso login"),
  });
});

test("credentials rotated in the file are taken up when the old ones have expired", async () => {
  const write = (key: string) =>
    writeFile(
      join(home, "credentials"),
      `[default]\naws_access_key_id = ${key}\naws_secret_access_key = s\n`,
    );
  await write("OLD");
  const proxy = await startFaultProxy(server.endpoint, ({ headers }) =>
    String(headers.authorization).includes("=OLD/")
      ? { kind: "answer", status: 400, body: "<Error><Code>ExpiredToken</Code></Error>" }
      : undefined,
  );
  const s3 = { region: "eu-west-1", endpoint: proxy.endpoint, forcePathStyle: true };
  const stores = createStores(lakeSettings({ buckets: [{ bucket: "data", prefix: "" }], s3 }));
  const read = () => stores.read({ location: stores.resolve("s3://data/x") }, signal);
  await expect(read()).rejects.toMatchObject({ code: "denied", message: expect.stringContaining("expired") });
  await write("NEW");
  expect((await read()).sizeBytes).toBe(1);
  stores.close();
  await proxy.stop();
});
