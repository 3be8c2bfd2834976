import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { lakeSettings, loopbackS3 } from "../../../test/harness/lake-settings.ts";
import { readAll } from "../../../test/harness/read-all.ts";
import { type S3Server, s3Credentials, startS3Server } from "../../../test/harness/s3-server.ts";
import type { LakeSettings } from "../settings.ts";
import { createStores, type StoresDeps } from "./create-stores.ts";

const { signal } = new AbortController();
const numbers = "0123456789";
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server(["data", "secret"]);
  await server.put("data", "numbers.txt", numbers, {
    "content-type": "text/plain",
    "x-amz-meta-owner": "ann",
  });
  await server.put("data", "empty", "");
  for (const key of ["a/1", "a/2", "a/b/3", "ab/4", "c"]) await server.put("data", key, key);
  await server.put("secret", "plans", "secret");
});
afterAll(() => server.stop());
beforeEach(() => {
  server.requests.length = 0;
});

const storesOf = (settings: Partial<LakeSettings> = {}, deps: StoresDeps = {}) =>
  createStores(
    lakeSettings({ buckets: [{ bucket: "data", prefix: "" }], s3: loopbackS3(server.endpoint), ...settings }),
    { credentials: s3Credentials, ...deps },
  );

async function listAll(stores: ReturnType<typeof storesOf>, uri: string, maxKeys: number, delimiter?: "/") {
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = await stores.list(
      {
        location: stores.resolve(uri),
        maxKeys,
        ...(delimiter && { delimiter }),
        ...(after !== undefined && { after }),
      },
      signal,
    );
    found.push(...page.objects.map((object) => object.uri), ...page.prefixes);
    after = page.next;
  } while (after !== undefined);
  return found;
}

describe("reading", () => {
  test("a head tells what S3 tells", async () => {
    const stores = storesOf();
    expect(await stores.head(stores.resolve("s3://data/numbers.txt"), signal)).toEqual({
      uri: "s3://data/numbers.txt",
      location: { kind: "s3", bucket: "data", key: "numbers.txt" },
      sizeBytes: 10,
      storageClass: "STANDARD",
      etag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      lastModified: expect.any(Date),
      contentType: "text/plain",
      userMetadata: { owner: "ann" },
    });
  });

  test.each([
    [{}, 0, numbers],
    [{ start: 2, endExclusive: 5 }, 2, "234"],
    [{ start: 8 }, 8, "89"],
    [{ endExclusive: 1 }, 0, "0"],
    [{ start: 8, endExclusive: 100 }, 8, "89"],
    [{ suffixBytes: 3 }, 7, "789"],
    [{ suffixBytes: 100 }, 0, numbers],
    [{ start: 10, endExclusive: 12 }, 10, ""],
    [{ start: 5, endExclusive: 5 }, 5, ""],
    [{ suffixBytes: 0 }, 10, ""],
  ])("the range %j starts at %i and holds %j", async (range, start, text) => {
    const stores = storesOf();
    const result = await stores.read({ location: stores.resolve("s3://data/numbers.txt"), ...range }, signal);
    expect(result).toMatchObject({ start, sizeBytes: 10, etag: expect.stringMatching(/^".*"$/) });
    expect((await readAll(result.body)).toString()).toBe(text);
  });

  test("an empty object has empty ranges", async () => {
    const stores = storesOf();
    for (const range of [{}, { suffixBytes: 8 }, { start: 0, endExclusive: 8 }]) {
      const result = await stores.read({ location: stores.resolve("s3://data/empty"), ...range }, signal);
      expect([result.sizeBytes, (await readAll(result.body)).length]).toEqual([0, 0]);
    }
  });

  test("another version than the one asked for is changed, for ranges within and past the end", async () => {
    const stores = storesOf();
    await server.put("data", "moving", "one");
    const { etag } = await stores.head(stores.resolve("s3://data/moving"), signal);
    await server.put("data", "moving", "two");
    for (const range of [
      {},
      { start: 0, endExclusive: 2 },
      { start: 90, endExclusive: 99 },
      { suffixBytes: 99 },
    ]) {
      const read = stores.read(
        { location: stores.resolve("s3://data/moving"), ifMatch: etag, ...range },
        signal,
      );
      await expect(read).rejects.toMatchObject({ code: "changed", retryable: true });
    }
  });

  test("missing keys and missing buckets are told apart, also where S3 sends no body", async () => {
    const stores = storesOf({ buckets: ["data", "nowhere"].map((bucket) => ({ bucket, prefix: "" })) });
    const key = stores.resolve("s3://data/none");
    const bucket = stores.resolve("s3://nowhere/none");
    const noKey = { code: "not_found", message: '"s3://data/none" does not exist.' };
    const noBucket = { code: "not_found", message: 'The bucket of "s3://nowhere/none" does not exist.' };
    await expect(stores.head(key, signal)).rejects.toMatchObject(noKey);
    await expect(stores.read({ location: key }, signal)).rejects.toMatchObject(noKey);
    await expect(stores.head(bucket, signal)).rejects.toMatchObject(noBucket);
    await expect(stores.read({ location: bucket }, signal)).rejects.toMatchObject(noBucket);
    await expect(stores.list({ location: bucket, maxKeys: 1 }, signal)).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("a bucket alone is no object", async () => {
    const stores = storesOf();
    await expect(stores.head(stores.resolve("s3://data"), signal)).rejects.toMatchObject({
      code: "invalid_input",
    });
  });
});

describe("listing", () => {
  test("goes through all pages, whole or one level", async () => {
    const stores = storesOf();
    const all = ["a/1", "a/2", "a/b/3"].map((key) => `s3://data/${key}`);
    for (const maxKeys of [1, 2, 1000, 5000])
      expect(await listAll(stores, "s3://data/a/", maxKeys)).toEqual(all);
    expect(await listAll(stores, "s3://data/a/", 1, "/")).toEqual([
      "s3://data/a/1",
      "s3://data/a/2",
      "s3://data/a/b/",
    ]);
    expect(await listAll(stores, "s3://data/none/", 10)).toEqual([]);
  });

  test("a forged cursor is bad input", async () => {
    const stores = storesOf();
    const request = { location: stores.resolve("s3://data/"), maxKeys: 1 };
    for (const after of ["x", Buffer.from('{"prefix":-1}').toString("base64url")]) {
      await expect(stores.list({ ...request, after }, signal)).rejects.toMatchObject({
        code: "invalid_input",
      });
    }
    const beyond = Buffer.from('{"prefix":7}').toString("base64url");
    await expect(stores.list({ ...request, after: beyond }, signal)).rejects.toMatchObject({
      code: "denied",
    });
  });

  test("only allowed prefixes are seen, from above and from beside", async () => {
    const buckets = ["a/b/", "ab", "c"].map((prefix) => ({ bucket: "data", prefix }));
    const stores = storesOf({ buckets });
    for (const maxKeys of [1, 100]) {
      expect(await listAll(stores, "s3://data/", maxKeys)).toEqual([
        "s3://data/a/b/3",
        "s3://data/ab/4",
        "s3://data/c",
      ]);
    }
    expect(await listAll(stores, "s3://data", 1, "/")).toEqual([
      "s3://data/a/b/",
      "s3://data/ab/",
      "s3://data/c",
    ]);
    expect(await listAll(stores, "s3://data/a/", 100)).toEqual(["s3://data/a/b/3"]);
    expect(await listAll(stores, "s3://data/c", 100)).toEqual(["s3://data/c"]);
    expect(() => stores.resolve("s3://data/d")).toThrow(expect.objectContaining({ code: "denied" }));
  });

  test("a sibling that shares the prefix's letters is not shown", async () => {
    const stores = storesOf({ buckets: [{ bucket: "data", prefix: "a" }] });
    expect(await listAll(stores, "s3://data/a", 100)).toEqual([
      "s3://data/a/1",
      "s3://data/a/2",
      "s3://data/a/b/3",
    ]);
    expect(await listAll(stores, "s3://data/a", 100, "/")).toEqual(["s3://data/a/"]);
  });

  test("places are the configured ones, with what AWS tells of them", async () => {
    const stores = storesOf({
      buckets: [
        { bucket: "data", prefix: "a/" },
        { bucket: "elsewhere", prefix: "" },
      ],
      localRoots: [{ name: "files", path: "/srv/files" }],
    });
    expect(await stores.places(signal)).toEqual([
      { kind: "s3", name: "data", uri: "s3://data/", createdAt: expect.any(Date), prefixes: ["a/"] },
      { kind: "s3", name: "elsewhere", uri: "s3://elsewhere/" },
      { kind: "local", name: "files", uri: "/srv/files" },
    ]);
    expect(await storesOf({ buckets: [] }).places(signal)).toEqual([]);
  });
});

test("nothing is sent for what is outside", async () => {
  const stores = storesOf({ buckets: [{ bucket: "data", prefix: "a/" }] });
  const { signal: any } = new AbortController();
  for (const [bucket, key] of [
    ["secret", "plans"],
    ["data", "ab/4"],
    ["data", ""],
    ["data", "a"],
  ] as const) {
    const location = { kind: "s3", bucket, key } as const;
    await expect(stores.head(location, any)).rejects.toMatchObject({ code: "denied" });
    await expect(stores.read({ location }, any)).rejects.toMatchObject({ code: "denied" });
  }
  await expect(
    stores.list({ location: { kind: "s3", bucket: "secret", key: "" }, maxKeys: 1 }, any),
  ).rejects.toMatchObject({ code: "denied" });
  expect(server.requests).toEqual([]);
});
