import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type CacheLake, openCacheLake } from "../../../test/harness/cache-lake.ts";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";

const largeBytes = 1_000_000;
const scope = lakeScope();
let server: S3Server;
let lake: CacheLake;
beforeAll(async () => {
  server = await startS3Server(["data"]);
  await server.put("data", "large", randomBytes(largeBytes));
  for (const key of ["a", "b", "c", "d"]) await server.put("data", key, randomBytes(1_000));
});
afterAll(() => server.stop());
beforeEach(async () => {
  lake = await openCacheLake(server.endpoint);
});
afterEach(() => lake.close());

const head = (key: string) => lake.head(`s3://data/${key}`);
const nothing = {
  objectHits: 0,
  objectMisses: 0,
  derivedHits: 0,
  derivedMisses: 0,
  fetchedBytes: 0,
  evictions: 0,
  evictedBytes: 0,
};

test("a use that finds all it asks for is a hit once it ends, and one that waits for a range is one miss", async () => {
  const cache = lake.cache();
  expect(cache.counts()).toEqual(nothing);
  const first = await cache.sparse(await head("large"), scope);
  await first.ensure([{ start: 0, end: 10 }], scope);
  await first.ensure([{ start: 900_000, end: 900_010 }], scope);
  expect(cache.counts()).toEqual({ ...nothing, objectMisses: 1, fetchedBytes: 20 });
  const second = await cache.sparse(await head("large"), scope);
  await second.ensure([{ start: 2, end: 8 }], scope);
  expect(cache.counts().objectHits).toBe(0);
  second.release();
  await second.close?.();
  first.release();
  expect(cache.counts()).toEqual({ ...nothing, objectHits: 1, objectMisses: 1, fetchedBytes: 20 });
});

test("whoever waits for the fetch of another has a miss too, and its bytes count once", async () => {
  const cache = lake.cache();
  for (const [key, sizeBytes] of [
    ["a", 1_000],
    ["large", largeBytes],
  ] as const) {
    const before = cache.counts();
    const { objectMisses, fetchedBytes } = { ...before };
    const object = await head(key);
    const files = await Promise.all(Array.from({ length: 5 }, () => cache.object(object, scope)));
    for (const file of files) file.release();
    expect(cache.counts().objectMisses - objectMisses).toBe(5);
    expect(cache.counts().fetchedBytes - fetchedBytes).toBe(sizeBytes);
    (await cache.object(object, scope)).release();
  }
  expect(cache.counts()).toMatchObject({ objectHits: 2, objectMisses: 10 });
});

test("derived content is a miss while it is made, and a hit from then on", async () => {
  const cache = lake.cache();
  const derive = async (path: string) => void (await writeFile(path, "made"));
  const ask = async (kind: string) => cache.derived(await head("a"), kind, derive, scope);
  for (const kind of ["one", "one", "two", "one"]) (await ask(kind)).release();
  expect(cache.counts()).toEqual({ ...nothing, derivedHits: 2, derivedMisses: 2 });
});

test("what had to go for others counts as evicted, and what is a miss again is fetched again", async () => {
  const cache = lake.cache({ maxBytes: 3_000 });
  const use = async (key: string) => {
    const file = await cache.object(await head(key), scope);
    await file.close?.();
  };
  for (const key of ["a", "b", "c", "d", "d", "a"]) await use(key);
  expect(cache.counts()).toEqual({
    ...nothing,
    objectHits: 1,
    objectMisses: 5,
    fetchedBytes: 5_000,
    evictions: 2,
    evictedBytes: 2_000,
  });
  expect(cache.usage().usedBytes).toBe(3_000);
});

test("what was never fetched leaves no eviction behind, and what failed no hit", async () => {
  const cache = lake.cache();
  const bare = await cache.sparse(await head("large"), scope);
  await bare.close?.();
  const object = await head("b");
  await server.put("data", "b", randomBytes(1_000));
  await expect(cache.object(object, scope)).rejects.toMatchObject({ code: "changed" });
  expect(cache.counts()).toMatchObject({ objectMisses: 0, evictions: 0 });
});
