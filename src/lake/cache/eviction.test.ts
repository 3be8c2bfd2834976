import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type CacheLake, openCacheLake } from "../../../test/harness/cache-lake.ts";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";
import type { Stores } from "../stores/store.ts";
import type { ObjectCache, SparseFile } from "./cache.ts";
import { nameOfProcess } from "./process-name.ts";

let server: S3Server;
let lake: CacheLake;
let clockMs = Date.now();
/** Each use is a second after the one before. */
const now = () => {
  clockMs += 1000;
  return clockMs;
};
const deps = { now };
const scope = lakeScope();

beforeAll(async () => {
  server = await startS3Server(["data"]);
  for (const key of ["a", "b", "c", "d"]) await server.put("data", key, randomBytes(1000));
  await server.put("data", "half", randomBytes(2500));
  await server.put("data", "large", randomBytes(200_000));
});
afterAll(() => server.stop());
beforeEach(async () => {
  lake = await openCacheLake(server.endpoint);
  server.requests.length = 0;
});
afterEach(() => lake.close());

const ask = async (cache: ObjectCache, key: string) =>
  cache.object(await lake.head(`s3://data/${key}`), scope);

/** Asks and gives back at once; says whether it was fetched. */
async function use(cache: ObjectCache, key: string): Promise<boolean> {
  const before = server.requests.filter(({ method }) => method === "GET").length;
  const file = await ask(cache, key);
  expect(await readFile(file.path)).toHaveLength({ half: 2500, large: 200_000 }[key] ?? 1000);
  file.release();
  return server.requests.filter(({ method }) => method === "GET").length > before;
}

test("the least recently used goes first, and the cap holds", async () => {
  const cache = lake.cache({ maxBytes: 3000, deps });
  for (const key of ["a", "b", "c"]) expect(await use(cache, key)).toBe(true);
  expect(await use(cache, "a")).toBe(false);
  expect(await use(cache, "d")).toBe(true);
  expect(cache.usage().usedBytes).toBe(3000);
  expect(await use(cache, "a")).toBe(false);
  expect(await use(cache, "c")).toBe(false);
  expect(await use(cache, "b")).toBe(true);
  expect((await lake.filesIn()).entries).toBe(3);
});

test("what is pinned stays, and what then does not fit is too large for now", async () => {
  const cache = lake.cache({ maxBytes: 3000, deps });
  const [a, b] = [await ask(cache, "a"), await ask(cache, "b")];
  await use(cache, "c");
  await use(cache, "d");
  await expect(ask(cache, "half")).rejects.toMatchObject({
    code: "too_large",
    retryable: true,
    message: expect.stringContaining("lake.cache.maxBytes"),
    details: { sizeBytes: 2500, maxBytes: 3000 },
  });
  expect(await readFile(a.path)).toHaveLength(1000);
  expect(await readFile(b.path)).toHaveLength(1000);
  a.release();
  b.release();
  expect(await use(cache, "half")).toBe(true);
  expect(cache.usage().usedBytes).toBe(2500);
});

test("what can never fit says so before a byte is fetched", async () => {
  const cache = lake.cache({ maxBytes: 999, deps });
  await expect(ask(cache, "a")).rejects.toMatchObject({
    code: "too_large",
    retryable: false,
    message: expect.stringContaining("999 (lake.cache.maxBytes)"),
  });
  expect(server.requests.filter(({ method }) => method === "GET")).toEqual([]);
});

test("downloads under way count towards the cap", async () => {
  const cache = lake.cache({ maxBytes: 3000, deps });
  const keys = ["a", "b", "c", "d", "half"];
  const results = await Promise.allSettled(keys.map((key) => ask(cache, key)));
  const held = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  expect(held.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThanOrEqual(3000);
  expect(held.length).toBeGreaterThan(0);
  expect(cache.usage().usedBytes).toBeLessThanOrEqual(3000);
  for (const { release } of held) release();
});

test("a second server on the same folder finds what the first fetched, after it is gone too", async () => {
  const first = lake.cache({ deps });
  await use(first, "a");
  const second = lake.cache({ deps });
  expect(await use(second, "a")).toBe(false);
  await use(first, "b");
  expect(await use(second, "b")).toBe(false);
  await first.close();
  await second.close();
  const third = lake.cache({ deps });
  expect(await use(third, "a")).toBe(false);
  expect(third.usage().usedBytes).toBe(2000);
});

test("two servers keep one cap, and neither evicts what the other has in use", async () => {
  const [first, second] = [lake.cache({ maxBytes: 3000, deps }), lake.cache({ maxBytes: 3000, deps })];
  const held = await ask(first, "a");
  await use(first, "b");
  await use(second, "c");
  await use(second, "d");
  expect(await readFile(held.path)).toHaveLength(1000);
  expect(await use(second, "a")).toBe(false);
  await expect(ask(second, "half")).rejects.toMatchObject({ code: "too_large" });
  const entries = join(lake.dir, "v1", "entries");
  expect((await readdir(entries)).length).toBeLessThanOrEqual(3);
  held.release();
  await expect.poll(() => use(second, "half").catch(() => "no room")).toBe(true);
});

test("what is kept open gives way, though what was reserved for it has not ended yet", async () => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const stores: Pick<Stores, "read" | "openLocal"> = {
    ...lake.stores,
    async read(request, signal) {
      if (request.location.kind === "s3" && request.location.key === "half") await answered;
      return lake.stores.read(request, signal);
    },
  };
  let [kept, reading]: [SparseFile | undefined, Promise<unknown> | undefined] = [undefined, undefined];
  const letGo = async () => {
    answer();
    await reading;
    await kept?.close?.();
  };
  const cache = lake.cache({ maxBytes: 3000, deps, stores, letGo });
  kept = await cache.sparse(await lake.head("s3://data/half"), scope);
  reading = kept.ensure([{ start: 0, end: 2500 }], scope);
  const other = await cache.sparse(await lake.head("s3://data/a"), scope);
  await other.ensure([{ start: 0, end: 1000 }], scope);
  expect(await readFile(other.path)).toHaveLength(1000);
  other.release();
});

test("a lower cap is kept from the start", async () => {
  const before = lake.cache({ deps });
  for (const key of ["a", "b", "c"]) await use(before, key);
  await before.close();
  const after = lake.cache({ maxBytes: 1500, deps });
  expect(await use(after, "c")).toBe(false);
  expect((await lake.filesIn()).entries).toBe(1);
});

test("what a killed server left is swept, and what a living one has is not", async () => {
  const living = lake.cache({ deps });
  const held = await ask(living, "a");
  const instances = join(lake.dir, "v1", "instances");
  const [host] = nameOfProcess("here").split("~");
  const stale = new Date(Date.now() - 3_600_000);
  for (const name of [
    `${host}~999999999~1~dead`,
    `${host}~${process.pid}~1~restarted`,
    "elsewhere~1~1~stale",
    "elsewhere~1~1~fresh",
  ]) {
    await mkdir(join(instances, name, "tmp", "x"), { recursive: true });
    await writeFile(join(instances, name, "tmp", "x", "data"), "torn");
    await mkdir(join(lake.dir, "v1", "links", `${name}~1`, "x"), { recursive: true });
    if (name.endsWith("stale")) await utimes(join(instances, name), stale, stale);
  }
  const links = await living.newLinksFolder();
  await mkdir(links);
  await use(lake.cache({ deps }), "b");
  const left = await readdir(instances);
  expect(left).toContain("elsewhere~1~1~fresh");
  expect(left).toHaveLength(3);
  const leftLinks = await readdir(join(lake.dir, "v1", "links"));
  expect(leftLinks.sort()).toEqual([basename(links), "elsewhere~1~1~fresh~1"].sort());
  expect(await readFile(held.path)).toHaveLength(1000);
  held.release();
  await living.close();
  expect(await readdir(join(lake.dir, "v1", "links"))).toEqual(["elsewhere~1~1~fresh~1"]);
});

test.each([
  ["large", (entry: string) => join(entry, "data")],
  ["a", (entry: string) => entry],
])("an entry that is cut or incomplete is not served but fetched again: %s", async (key, dataOf) => {
  const cache = lake.cache({ deps, maxBytes: 1_000_000 });
  await use(cache, key);
  const entries = join(lake.dir, "v1", "entries");
  const [entry = ""] = await readdir(entries);
  await truncate(dataOf(join(entries, entry)), 500);
  expect(await use(cache, key)).toBe(true);
  await rm(dataOf(join(entries, entry)));
  expect(await use(cache, key)).toBe(true);
  expect(await use(lake.cache({ deps, maxBytes: 1_000_000 }), key)).toBe(false);
});

test("a small object that another boot of the machine left is fetched again, and its file goes when room is needed", async () => {
  const before = lake.cache({ deps: { ...deps, boot: "first" }, maxBytes: 2_000 });
  expect([await use(before, "a"), await use(before, "a")]).toEqual([true, false]);
  await before.close();
  const after = lake.cache({ deps: { ...deps, boot: "second" }, maxBytes: 2_000 });
  expect([await use(after, "a"), await use(after, "a")]).toEqual([true, false]);
  expect(after.usage().usedBytes).toBe(2_000);
  expect(await use(after, "b")).toBe(true);
  const left = await readdir(join(lake.dir, "v1", "entries"));
  expect(left.map((name) => name.split("~")[1])).toEqual(["second", "second"]);
});

test("small objects that two processes fetch at once are there once, and counted once by both", async () => {
  // Of so small a cache each object makes its process look at the folder.
  const [one, other] = [lake.cache({ deps, maxBytes: 50_000 }), lake.cache({ deps, maxBytes: 50_000 })];
  const files = await Promise.all([ask(one, "a"), ask(other, "a"), ask(one, "b"), ask(other, "b")]);
  for (const file of files) expect(await readFile(file.path)).toHaveLength(1000);
  expect((await lake.filesIn()).entries).toBe(2);
  // What one had reserved when the other looked counts until that looks again.
  for (const [cache, key, usedBytes] of [
    [one, "c", 3_000],
    [other, "d", 4_000],
  ] as const) {
    files.push(await ask(cache, key));
    expect(cache.usage().usedBytes).toBe(usedBytes);
  }
  for (const file of files) file.release();
});

test("a folder that something cleaned up under a running server is made again", async () => {
  const cache = lake.cache({ deps });
  await use(cache, "a");
  await rm(join(lake.dir, "v1"), { recursive: true });
  expect(await use(cache, "a")).toBe(true);
  expect(await use(cache, "a")).toBe(false);
});
