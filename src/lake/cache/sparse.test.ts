import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type CacheLake, openCacheLake } from "../../../test/harness/cache-lake.ts";
import { startFaultProxy } from "../../../test/harness/fault-proxy.ts";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";
import type { ByteRange, ObjectCache } from "./cache.ts";

const large = randomBytes(1_000_000);
const scope = lakeScope();
const patient = { timeout: 10_000 };
let server: S3Server;
let lake: CacheLake;

beforeAll(async () => {
  server = await startS3Server(["data"]);
  await server.put("data", "large", large);
});
afterAll(() => server.stop());
beforeEach(async () => {
  lake = await openCacheLake(server.endpoint);
  server.requests.length = 0;
});
afterEach(() => lake.close());

const range = (start: number, end: number): ByteRange => ({ start, end });
const asked = () =>
  server.requests.filter(({ method }) => method === "GET").map(({ headers }) => headers.range ?? "whole");
const open = async (cache: ObjectCache, of = scope) => cache.sparse(await lake.head("s3://data/large"), of);

/** Every byte the file says is there, against the object. */
async function expectTrue(file: { path: string; missing(ranges: ByteRange[]): ByteRange[] }) {
  const bytes = await readFile(file.path);
  let position = 0;
  for (const gap of [...file.missing([range(0, large.length)]), range(large.length, large.length)]) {
    expect(bytes.subarray(position, gap.start).equals(large.subarray(position, gap.start))).toBe(true);
    position = gap.end;
  }
}

test("opening fetches nothing, and what is ensured is there, exactly", async () => {
  const cache = lake.cache();
  const file = await open(cache);
  expect(asked()).toEqual([]);
  expect((await stat(file.path)).size).toBe(1_000_000);
  expect(file.missing([range(-5, 10), range(5, 20), range(999_990, 2_000_000)])).toEqual([
    range(0, 20),
    range(999_990, 1_000_000),
  ]);
  const ranges = [range(999_990, 1_000_000), range(100, 200), range(150, 300)];
  expect(await file.ensure(ranges, scope, { maxGapBytes: 0 })).toEqual({ fetchedBytes: 210, requests: 2 });
  expect(asked().sort()).toEqual(["bytes=100-299", "bytes=999990-999999"]);
  expect(file.missing([range(0, 400)])).toEqual([range(0, 100), range(300, 400)]);
  expect(await file.ensure(ranges, scope)).toEqual({ fetchedBytes: 0, requests: 0 });
  await expectTrue(file);
  file.release();
});

test("near ranges come in one request, over gaps nobody has; what is there is never fetched again", async () => {
  const file = await open(lake.cache());
  await file.ensure([range(1000, 2000)], scope);
  const ranges = [range(0, 100), range(150, 200), range(3000, 3100), range(50_000, 50_001)];
  expect(await file.ensure(ranges, scope, { maxGapBytes: 1000 })).toEqual({ fetchedBytes: 301, requests: 3 });
  expect(asked().slice(1).sort()).toEqual(["bytes=0-199", "bytes=3000-3099", "bytes=50000-50000"]);
  expect((await file.ensure([range(0, 1_000_000)], scope)).fetchedBytes).toBe(1_000_000 - 1301);
  expect(file.missing([range(0, 1_000_000)])).toEqual([]);
  await expectTrue(file);
  file.release();
});

test("askers of overlapping ranges share what is on its way", async () => {
  const cache = lake.cache();
  const files = await Promise.all(Array.from({ length: 10 }, () => open(cache)));
  const made = await Promise.all(
    files.map((file, index) => file.ensure([range(index * 50_000, index * 50_000 + 200_000)], scope)),
  );
  expect(made.reduce((sum, { fetchedBytes }) => sum + fetchedBytes, 0)).toBe(650_000);
  expect(made.reduce((sum, { requests }) => sum + requests, 0)).toBe(asked().length);
  for (const file of files) {
    await expectTrue(file);
    file.release();
  }
  await expect.poll(() => lake.filesIn()).toEqual({ entries: 1, temporary: 0, pins: 0 });
});

test("one who waits and is stopped leaves alone; when the last one is, the fetch stops", async () => {
  const proxy = await startFaultProxy(server.endpoint, ({ method }) =>
    method === "GET" ? { kind: "delay", delayMs: 400 } : undefined,
  );
  const behind = await openCacheLake(proxy.endpoint);
  const cache = behind.cache();
  const [first, second] = [new AbortController(), new AbortController()];
  const [a, b] = [await open(cache), await open(cache)];
  const leaving = a.ensure([range(0, 60_000)], lakeScope({ signal: first.signal }));
  const staying = b.ensure([range(30_000, 90_000)], lakeScope({ signal: second.signal }));
  leaving.catch(() => {});
  await expect.poll(() => proxy.open().now, patient).toBe(2);
  first.abort();
  await expect(leaving).rejects.toMatchObject({ code: "timeout" });
  expect(await staying).toEqual({ fetchedBytes: 30_000, requests: 1 });
  expect(b.missing([range(0, 90_000)])).toEqual([]);

  const stopped = b.ensure([range(500_000, 600_000)], lakeScope({ signal: second.signal }));
  stopped.catch(() => {});
  await expect.poll(() => proxy.open().now, patient).toBe(2);
  second.abort();
  await expect(stopped).rejects.toMatchObject({ code: "timeout" });
  await expect.poll(() => proxy.open().now, patient).toBe(0);
  expect(b.missing([range(500_000, 600_000)])).toEqual([range(500_000, 600_000)]);
  await expectTrue(b);
  a.release();
  b.release();
  await behind.close();
  await proxy.stop();
});

test("a file larger than the cache is read in part, and counts what it takes", async () => {
  const cache = lake.cache({ maxBytes: 100_000 });
  const file = await open(cache);
  await file.ensure([range(0, 50_000)], scope);
  await file.ensure([range(900_000, 900_010)], scope);
  expect(cache.usage().usedBytes).toBe(13 * 4096 + 4096);
  await expect(file.ensure([range(200_000, 300_001)], scope)).rejects.toMatchObject({
    code: "too_large",
    message: expect.stringContaining("lake.cache.maxBytes"),
  });
  await expect(file.ensure([range(200_000, 280_000)], scope)).rejects.toMatchObject({ code: "too_large" });
  const other = await cache.sparse(await lake.head("s3://data/large"), lakeScope({ tenantId: "other" }));
  await expect(other.ensure([range(0, 80_000)], scope)).rejects.toMatchObject({ code: "too_large" });
  file.release();
  await expect.poll(() => other.ensure([range(0, 80_000)], scope).catch(() => "no room")).not.toBe("no room");
  expect(cache.usage().usedBytes).toBe(20 * 4096);
  other.release();
});

test("tenants share nothing", async () => {
  const cache = lake.cache();
  const mine = await open(cache);
  await mine.ensure([range(0, 10)], scope);
  const theirs = await open(cache, lakeScope({ tenantId: "other" }));
  expect(theirs.missing([range(0, 10)])).toEqual([range(0, 10)]);
  expect((await readFile(theirs.path)).equals(Buffer.alloc(1_000_000))).toBe(true);
  mine.release();
  theirs.release();
});

test("ranges last over a restart, and a second server finds those of the first", async () => {
  const first = lake.cache();
  const file = await open(first);
  await file.ensure([range(10, 20)], scope);
  const second = lake.cache();
  const same = await open(second);
  expect(same.missing([range(0, 30)])).toEqual([range(0, 10), range(20, 30)]);
  await same.ensure([range(20, 30)], scope);
  expect(await file.ensure([range(10, 30)], scope)).toEqual({ fetchedBytes: 0, requests: 0 });
  file.release();
  same.release();
  await first.close();
  await second.close();
  const third = await open(lake.cache());
  expect(third.missing([range(0, 30)])).toEqual([range(0, 10)]);
  await expectTrue(third);
  third.release();
});

test("an entry taken away and made anew while it is open is not said to hold what went into the old one", async () => {
  const [first, second] = [lake.cache(), lake.cache()];
  const file = await open(first);
  await file.ensure([range(0, 10)], scope);
  await rm(join(lake.dir, "v1", "entries"), { recursive: true });
  await mkdir(join(lake.dir, "v1", "entries"));
  const anew = await open(second);
  await anew.ensure([range(500, 600)], scope);
  await file.ensure([range(100, 200)], scope);
  await expectTrue(file);
  const third = await open(lake.cache());
  expect(third.missing([range(0, 1000)])).toEqual([range(0, 500), range(600, 1000)]);
  await expectTrue(third);
  for (const one of [file, anew, third]) one.release();
});

test("what was opened and never read leaves nothing", async () => {
  const cache = lake.cache();
  const file = await open(cache);
  file.release();
  await expect.poll(() => lake.filesIn()).toEqual({ entries: 0, temporary: 0, pins: 0 });
});

test("an object that changed between two reads is changed, and its entry goes", async () => {
  await server.put("data", "moving", large);
  const cache = lake.cache();
  const object = await lake.head("s3://data/moving");
  const file = await cache.sparse(object, scope);
  await file.ensure([range(0, 10)], scope);
  await server.put("data", "moving", randomBytes(1_000_000));
  await expect(file.ensure([range(100, 110)], scope)).rejects.toMatchObject({ code: "changed" });
  await expectTrue(file);
  expect(file.missing([range(0, 10)])).toEqual([]);
  expect((await lake.filesIn()).entries).toBe(0);
  file.release();
  const again = await cache.sparse(object, scope);
  expect(again.missing([range(0, 10)])).toEqual([range(0, 10)]);
  again.release();
});
