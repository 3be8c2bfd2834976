import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import { startFaultProxy } from "../harness/fault-proxy.ts";
import { lakeSettings, loopbackS3 } from "../harness/lake-settings.ts";
import { readAll } from "../harness/read-all.ts";
import { type S3Server, s3Credentials, startS3Server } from "../harness/s3-server.ts";

const { signal } = new AbortController();
let server: S3Server;
let stores: ReturnType<typeof createStores>;

beforeAll(async () => {
  server = await startS3Server(["data", "secret"]);
  stores = createStores(
    lakeSettings({ buckets: [{ bucket: "data", prefix: "" }], s3: loopbackS3(server.endpoint) }),
    { credentials: s3Credentials },
  );
  await server.put("secret", "x", "secret");
});
afterAll(async () => {
  stores.close();
  await server.stop();
});
beforeEach(() => {
  server.requests.length = 0;
});

const oddKeys = [
  "/",
  "//",
  "///x",
  "a/",
  "a//",
  "a//b",
  "./x",
  "a/./b",
  "a/../b",
  "a/b/../../c",
  ".",
  "...",
  "..x",
  "%2e%2e/x",
  "a%20b",
  "a%2Fb",
  "a%",
  "a+b",
  "a b",
  " ",
  "a#b",
  "a?b=c&d",
  "a\\b",
  "\u0001\u001f\u007f",
  "line\nend",
  "tab\t",
  "\u2028\u202e",
  "é",
  "e\u0301",
  "😀",
  "<Key>&amp;\"'",
  "*?[a]",
  "\uffff",
  "__proto__",
  "x".repeat(1024),
  "é".repeat(512),
];

test.each(oddKeys.map((key) => [key]))("the key %j is read, headed and listed exactly", async (key) => {
  await server.put("data", key, `content of ${key}`);
  const uri = `s3://data/${key}`;
  const location = stores.resolve(uri);
  expect(await stores.head(location, signal)).toMatchObject({
    uri,
    location: { kind: "s3", bucket: "data", key },
  });
  const { body } = await stores.read({ location }, signal);
  expect((await readAll(body)).toString()).toBe(`content of ${key}`);
  const listed = await stores.list({ location, maxKeys: 10 }, signal);
  expect(listed.objects.map((object) => object.uri)).toContain(uri);
  const again = await stores.list({ location, maxKeys: 10 }, signal);
  expect(again).toEqual(listed);
  expect(again.objects[0]).toBe(listed.objects[0]);
});

test.each([
  ["s3://data/../x"],
  ["s3://data/../secret/x"],
  ["s3://data/.."],
  ["s3://data/a/../.."],
  [`s3://data/${"x".repeat(1025)}`],
  ["s3://data/a\0b"],
  ["s3://data/\udc00"],
  ["s3://arn:aws:s3:::secret/x"],
  ["s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/ap/x"],
  ["s3://Data/x"],
  ["s3://data\n/x"],
  ["s3://data?x/y"],
  ["s3://data@secret/x"],
  ["s3://data:80/x"],
  ["s3:///x"],
  ["s3://[::1]/x"],
  ["s3://169.254.169.254/latest/meta-data"],
  ["s3://.../x"],
  ["s3://%64ata/x"],
])("%j is refused as bad input before anything is sent", (uri) => {
  expect(() => stores.resolve(uri)).toThrow(expect.objectContaining({ code: "invalid_input" }));
  expect(server.requests).toEqual([]);
});

test("a bucket that is not allowed is refused alike, whether it exists or not", async () => {
  const messages = ["secret", "missing"].map((bucket) => {
    try {
      return stores.resolve(`s3://${bucket}/x`);
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: "denied" });
      return String(thrown).replace(bucket, "BUCKET");
    }
  });
  expect(messages[0]).toBe(messages[1]);
  expect(server.requests).toEqual([]);
});

test("a key that a folding server would move out of the allowed prefix is denied", async () => {
  const part = createStores(
    lakeSettings({ buckets: [{ bucket: "data", prefix: "open/" }], s3: loopbackS3(server.endpoint) }),
    { credentials: s3Credentials },
  );
  for (const key of ["open/../x", "open/a/../../x", "open/./../x", "open/../open-evil/x"]) {
    expect(() => part.resolve(`s3://data/${key}`)).toThrow(expect.objectContaining({ code: "denied" }));
  }
  expect(part.resolve("s3://data/open/a/../b")).toEqual({ kind: "s3", bucket: "data", key: "open/a/../b" });
  part.close();
});

test("keys a server lists outside what was asked and allowed are not shown", async () => {
  const listing = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${[
    "open/1",
    "closed/2",
  ]
    .map((key) => `<Contents><Key>${key}</Key><ETag>"x"</ETag><Size>1</Size></Contents>`)
    .join("")}<CommonPrefixes><Prefix>closed/</Prefix></CommonPrefixes></ListBucketResult>`;
  const liar = await startFaultProxy(server.endpoint, () => ({ kind: "answer", status: 200, body: listing }));
  const part = createStores(
    lakeSettings({ buckets: [{ bucket: "data", prefix: "open/" }], s3: loopbackS3(liar.endpoint) }),
    { credentials: s3Credentials },
  );
  const page = await part.list({ location: part.resolve("s3://data/open/"), maxKeys: 10 }, signal);
  expect(page.objects.map(({ uri }) => uri)).toEqual(["s3://data/open/1"]);
  expect(page.prefixes).toEqual([]);
  part.close();
  await liar.stop();
});

test("keys listed in S3's own encoding are decoded once", async () => {
  const keys = ["a%2520b", "a+b%2Bc", "%01", "line%0D%0Aend", "%F0%9F%98%80"];
  const listing = `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${keys
    .map((key) => `<Contents><Key>${key}</Key><ETag>"x"</ETag><Size>1</Size></Contents>`)
    .join("")}<CommonPrefixes><Prefix>p+q/</Prefix></CommonPrefixes></ListBucketResult>`;
  const encoder = await startFaultProxy(server.endpoint, () => ({
    kind: "answer",
    status: 200,
    body: listing,
  }));
  const encoded = createStores(
    lakeSettings({ buckets: [{ bucket: "data", prefix: "" }], s3: loopbackS3(encoder.endpoint) }),
    { credentials: s3Credentials },
  );
  const page = await encoded.list({ location: encoded.resolve("s3://data/"), maxKeys: 10 }, signal);
  expect(page.objects.map(({ uri }) => uri)).toEqual([
    "s3://data/a%20b",
    "s3://data/a b+c",
    "s3://data/\u0001",
    "s3://data/line\r\nend",
    "s3://data/😀",
  ]);
  expect(page.prefixes).toEqual(["s3://data/p q/"]);
  encoded.close();
  await encoder.stop();
});
