import { createHash, createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Fault, startFaultProxy } from "../../../test/harness/fault-proxy.ts";
import { lakeSettings, loopbackS3 } from "../../../test/harness/lake-settings.ts";
import { readAll } from "../../../test/harness/read-all.ts";
import {
  type S3Server,
  type SeenRequest,
  s3Credentials,
  startS3Server,
} from "../../../test/harness/s3-server.ts";
import { ServiceCallLedger, takeDownServiceCalls } from "../../core/service-calls.ts";
import { createStores } from "./create-stores.ts";
import type { ReadRequest } from "./store.ts";

const { signal } = new AbortController();
const oddKey = "a b/ü+%2F(!)*'~&=?.txt";
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server(["data"]);
  await server.put("data", "numbers.txt", "0123456789");
  await server.put("data", oddKey, "odd");
});
afterAll(() => server.stop());
beforeEach(() => {
  server.requests.length = 0;
});

const credentials = { ...s3Credentials, sessionToken: "token" };

function storesOf(endpoint = server.endpoint) {
  const buckets = [{ bucket: "data", prefix: "" }];
  return createStores(lakeSettings({ buckets, s3: loopbackS3(endpoint) }), { credentials });
}

async function read(
  stores: ReturnType<typeof storesOf>,
  key: string,
  how: Omit<ReadRequest, "location"> = {},
  stop = signal,
) {
  const location = { kind: "s3" as const, bucket: "data", key };
  const { etag, body } = await stores.read({ location, ...how }, stop);
  return { etag, text: (await readAll(body)).toString() };
}

/** Whether it was sent by all of the AWS SDK's steps. */
const isWhole = ({ headers }: SeenRequest) => headers["amz-sdk-request"] !== undefined;

/** Source: AWS Signature Version 4, "Create a signed AWS API request". */
function signatureOf({ method, url, headers }: SeenRequest, secret: string): string {
  const [, scope = "", signed = ""] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+)/.exec(String(headers.authorization)) ?? [];
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const hmac = (key: Buffer | string, text: string) => createHmac("sha256", key).update(text).digest();
  const [path = "", query = ""] = url.split("?");
  const lines = signed.split(";").map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const sortedQuery = query.split("&").sort().join("&");
  const asked = [method, path, sortedQuery, lines.join(""), signed, headers["x-amz-content-sha256"]];
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(asked.join("\n"))].join("\n");
  const key = scope.split("/").reduce<Buffer | string>(hmac, `AWS4${secret}`);
  return hmac(key, toSign).toString("hex");
}

test("after the first, objects of a bucket are asked for in short, named, ranged and signed as before", async () => {
  const stores = storesOf();
  const { etag } = await read(stores, "numbers.txt");
  expect(await read(stores, oddKey)).toMatchObject({ text: "odd" });
  expect(await read(stores, "numbers.txt", { start: 2, endExclusive: 5, ifMatch: etag })).toEqual({
    etag,
    text: "234",
  });
  expect(await read(stores, "numbers.txt", { suffixBytes: 3 })).toMatchObject({ text: "789" });
  expect(server.requests.map(isWhole)).toEqual([true, false, false, false]);
  for (const request of server.requests) {
    const signature = signatureOf(request, credentials.secretAccessKey);
    expect(request.headers.authorization).toMatch(new RegExp(`Signature=${signature}$`));
    expect(request.headers).toMatchObject({ "x-amz-security-token": "token" });
  }
  const [whole, , ranged] = server.requests.map(({ headers }) => headers);
  expect(ranged).toMatchObject({ range: "bytes=2-4", "if-match": etag, "user-agent": whole?.["user-agent"] });
  expect(server.requests[1]?.headers).not.toHaveProperty("range");
  stores.close();
});

test("what is not there, or not that version, is told as ever, by one request", async () => {
  const stores = storesOf();
  await expect(read(stores, "none")).rejects.toMatchObject({ code: "not_found" });
  await read(stores, "numbers.txt");
  const none = read(stores, "none");
  await expect(none).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("s3://data/none"),
  });
  const old = read(stores, "numbers.txt", { ifMatch: '"old"' });
  await expect(old).rejects.toMatchObject({ code: "changed" });
  await read(stores, "numbers.txt");
  expect(server.requests.map(isWhole)).toEqual([true, true, false, false, false]);
  stores.close();
});

test.each([
  ["a page of a proxy", "<html>Not Found</html>"],
  ["an answer about the bucket", "<Error><Code>NoSuchBucket</Code></Error>"],
  ["an endless answer", `<Error>${"x".repeat(20_000)}<Code>NoSuchKey</Code></Error>`],
])("%s with the status of a missing object is not taken for one", async (_name, body) => {
  const seen: boolean[] = [];
  const proxy = await startFaultProxy(server.endpoint, ({ method, url, headers }, at) => {
    seen.push(isWhole({ method: method ?? "", url: url ?? "", headers }));
    return at === 1 ? { kind: "answer", status: 404, body } : undefined;
  });
  const stores = storesOf(proxy.endpoint);
  await read(stores, "numbers.txt");
  expect(await read(stores, "numbers.txt")).toMatchObject({ text: "0123456789" });
  expect(seen).toEqual([true, false, true]);
  stores.close();
  await proxy.stop();
});

test("a range past the end costs no second look at the object by the SDK", async () => {
  const stores = storesOf();
  await read(stores, "numbers.txt");
  expect(await read(stores, "numbers.txt", { start: 20, endExclusive: 30 })).toMatchObject({ text: "" });
  expect(server.requests.map(({ method }) => method)).toEqual(["GET", "GET", "HEAD"]);
  stores.close();
});

const busy: Fault = { kind: "answer", status: 503, body: "<Error><Code>SlowDown</Code></Error>" };

test.each<[string, Fault]>([
  ["a refusal", busy],
  ["a broken connection", { kind: "lost" }],
  ["a redirect", { kind: "answer", status: 307, headers: { location: "http://127.0.0.1:1/" } }],
  ["the whole in place of a range", { kind: "answer", status: 200, body: "0123456789" }],
])(
  "after %s a request is sent again with all of the steps, and so are others until one succeeds",
  async (_name, fault) => {
    const seen: boolean[] = [];
    const proxy = await startFaultProxy(server.endpoint, ({ method, url, headers }, at) => {
      seen.push(isWhole({ method: method ?? "", url: url ?? "", headers }));
      return at === 1 ? fault : undefined;
    });
    const stores = storesOf(proxy.endpoint);
    for (let at = 0; at < 3; at++) {
      expect(await read(stores, "numbers.txt", { start: 1, endExclusive: 4 })).toMatchObject({ text: "123" });
    }
    expect(seen).toEqual([true, false, true, false]);
    stores.close();
    await proxy.stop();
  },
);

test("while a store fails, no more is sent to it than before", async () => {
  let isFailing = false;
  let count = 0;
  const proxy = await startFaultProxy(server.endpoint, () => {
    count++;
    return isFailing ? busy : undefined;
  });
  const stores = storesOf(proxy.endpoint);
  await read(stores, "numbers.txt");
  isFailing = true;
  count = 0;
  await expect(read(stores, "numbers.txt")).rejects.toMatchObject({ code: "throttled" });
  const first = count;
  await expect(read(stores, "numbers.txt")).rejects.toMatchObject({ code: "throttled" });
  expect([first, count - first]).toEqual([4, 3]);
  stores.close();
  await proxy.stop();
});

test("one who is stopped waits no more, and nothing is sent again", async () => {
  let count = 0;
  const stop = new AbortController();
  const proxy = await startFaultProxy(server.endpoint, () => {
    if (++count === 1) return undefined;
    setTimeout(() => stop.abort(), 20);
    return { kind: "hang", afterBytes: -1 };
  });
  const stores = storesOf(proxy.endpoint);
  await read(stores, "numbers.txt");
  await expect(read(stores, "numbers.txt", {}, stop.signal)).rejects.toMatchObject({ code: "timeout" });
  expect(count).toBe(2);
  stores.close();
  await proxy.stop();
});

test("the audit is told of each", async () => {
  const stores = storesOf();
  const ledger = new ServiceCallLedger();
  await takeDownServiceCalls(ledger, async () => {
    await read(stores, "numbers.txt");
    await read(stores, "numbers.txt");
    await read(stores, "none").catch(() => {});
  });
  const asked = { service: "s3", operation: "GetObject" };
  expect(ledger.calls).toMatchObject([asked, asked, { ...asked, status: 404, fault: "NoSuchKey" }]);
  expect(ledger.calls.map(({ requestId }) => typeof requestId)).toEqual(Array(3).fill("string"));
  expect(ledger.bytesRead).toBe(20);
  stores.close();
});
