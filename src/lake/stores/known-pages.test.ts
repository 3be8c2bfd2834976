import { afterAll, beforeAll, expect, test } from "vitest";
import { startFaultProxy } from "../../../test/harness/fault-proxy.ts";
import { lakeSettings, loopbackS3 } from "../../../test/harness/lake-settings.ts";
import { type S3Server, s3Credentials, startS3Server } from "../../../test/harness/s3-server.ts";
import { createStores } from "./create-stores.ts";

const { signal } = new AbortController();
const buckets = ["data", "other"].map((bucket) => ({ bucket, prefix: "" }));
const storesAt = (endpoint: string) =>
  createStores(lakeSettings({ buckets, s3: loopbackS3(endpoint) }), { credentials: s3Credentials });
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server(["data", "other"]);
});
afterAll(() => server.stop());

/** A server that answers every listing with what `answer` gives at the time. */
async function listAgainst(answer: () => string) {
  const proxy = await startFaultProxy(server.endpoint, () => ({
    kind: "answer",
    status: 200,
    body: `<?xml version="1.0"?><ListBucketResult>${answer()}</ListBucketResult>`,
  }));
  const stores = storesAt(proxy.endpoint);
  return {
    list: (uri = "s3://data/") => stores.list({ location: stores.resolve(uri), maxKeys: 10 }, signal),
    async stop() {
      stores.close();
      await proxy.stop();
    },
  };
}

const contents = (key: string) =>
  `<Contents><Key>${key}</Key><ETag>"x"</ETag><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>`;

test("whatever changes in a listing is seen, and what callers do to theirs is not", async () => {
  const stores = storesAt(server.endpoint);
  const location = stores.resolve("s3://data/");
  const etags = async () => {
    const { objects } = await stores.list({ location, maxKeys: 10 }, signal);
    const listed = objects.map(({ uri, etag }) => [uri, etag]);
    objects.length = 0;
    return listed;
  };
  const first = await server.put("data", "a", "1");
  expect(await etags()).toEqual([["s3://data/a", first]]);
  expect(await etags()).toEqual([["s3://data/a", first]]);
  const second = await server.put("data", "a", "2");
  expect(await etags()).toEqual([["s3://data/a", second]]);
  await server.put("data", "b", "3");
  expect(await etags()).toHaveLength(2);
  await server.remove("data", "b");
  expect(await etags()).toEqual([["s3://data/a", second]]);
  stores.close();
});

test("a page known but for its token goes on with the token of now", async () => {
  let token = "first+/=";
  const truncated = () =>
    `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>${contents("a")}`;
  const { list, stop } = await listAgainst(truncated);
  const first = await list();
  token = "second";
  const second = await list();
  expect(second.objects[0]).toBe(first.objects[0]);
  expect(second.next).not.toBe(first.next);
  token = "a&amp;b";
  const escaped = await list();
  token = "a&#38;b";
  expect((await list()).next).toBe(escaped.next);
  await stop();
});

test("a page is known however it was asked for", async () => {
  let echo = "<ContinuationToken>abc=</ContinuationToken>";
  const { list, stop } = await listAgainst(() => `<Name>data</Name>${echo}${contents("b")}`);
  const first = await list();
  for (const next of ["<StartAfter>a</StartAfter>", "<ContinuationToken>&#38;</ContinuationToken>", ""]) {
    echo = next;
    expect((await list()).objects[0]).toBe(first.objects[0]);
  }
  echo = "<Other>a</Other>";
  expect((await list()).objects[0]).not.toBe(first.objects[0]);
  await stop();
});

test("the same answer for two buckets names objects of each", async () => {
  const { list, stop } = await listAgainst(() => contents("a"));
  expect((await list("s3://data/")).objects[0]?.uri).toBe("s3://data/a");
  expect((await list("s3://other/")).objects[0]?.uri).toBe("s3://other/a");
  await stop();
});

test("an answer that is not whole is not taken for one that is known", async () => {
  let end = "";
  const { list, stop } = await listAgainst(() => `${contents("a")}${end}`);
  const known = await list();
  expect((await list()).objects[0]).toBe(known.objects[0]);
  end = "<Contents><Key>b";
  await expect(list()).rejects.toMatchObject({ name: "ToolError" });
  await stop();
});
