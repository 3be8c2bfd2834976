import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type CacheLake, openCacheLake } from "../../../test/harness/cache-lake.ts";
import { startFaultProxy } from "../../../test/harness/fault-proxy.ts";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";
import { createRangeSet, tidyRanges } from "./byte-ranges.ts";
import type { ByteRange } from "./cache.ts";

let server: S3Server;
let lake: CacheLake;
const body = randomBytes(1_000_000);

beforeAll(async () => {
  server = await startS3Server(["data"]);
  await server.put("data", "large", body);
});
afterAll(() => server.stop());
beforeEach(async () => {
  lake = await openCacheLake(server.endpoint);
  server.requests.length = 0;
});
afterEach(() => lake.close());

const ranges = () =>
  server.requests.filter(({ method }) => method === "GET").map(({ headers }) => headers.range);
const large = () => lake.head("s3://data/large");
const slice = async (path: string, { start, end }: ByteRange) => (await readFile(path)).subarray(start, end);
const right = async (path: string, range: ByteRange) =>
  (await slice(path, range)).equals(body.subarray(range.start, range.end));

test("only what is asked for is fetched, and it once", async () => {
  const file = await lake.cache().sparse(await large(), lakeScope());
  const [first, second] = [
    { start: 10, end: 1_000 },
    { start: 500_000, end: 600_000 },
  ];
  expect(file.missing([first])).toEqual([first]);
  expect(await file.ensure([first, second], lakeScope())).toEqual({ fetchedBytes: 100_990, requests: 3 });
  expect(await file.ensure([{ start: 20, end: 900 }, second], lakeScope())).toEqual({
    fetchedBytes: 0,
    requests: 0,
  });
  expect(file.missing([{ start: 0, end: 2_000 }])).toEqual([
    { start: 0, end: 10 },
    { start: 1_000, end: 2_000 },
  ]);
  expect(await right(file.path, first)).toBe(true);
  expect(await right(file.path, second)).toBe(true);
  expect((await slice(file.path, { start: 1_000, end: 2_000 })).every((byte) => byte === 0)).toBe(true);
  file.release();
});

test("ranges close to each other are one request, and the gap counts as there", async () => {
  const file = await lake.cache().sparse(await large(), lakeScope());
  const asked = [
    { start: 0, end: 100 },
    { start: 200, end: 300 },
  ];
  await file.ensure(asked, lakeScope(), { maxGapBytes: 0 });
  expect(ranges()).toEqual(["bytes=0-99", "bytes=200-299"]);
  await file.ensure(
    [
      { start: 1_000, end: 1_100 },
      { start: 1_200, end: 1_300 },
    ],
    lakeScope(),
  );
  expect(ranges().slice(2)).toEqual(["bytes=1000-1299"]);
  file.release();
});

test("who asks for what others fetch waits for it, and fetches the rest", async () => {
  const proxy = await startFaultProxy(server.endpoint, ({ method }) =>
    method === "GET" ? { kind: "delay", delayMs: 100 } : undefined,
  );
  const behind = await openCacheLake(proxy.endpoint);
  const cache = behind.cache();
  const object = await large();
  const files = await Promise.all(Array.from({ length: 4 }, () => cache.sparse(object, lakeScope())));
  await Promise.all(
    files.map((file, at) => file.ensure([{ start: at * 10_000, end: at * 10_000 + 60_000 }], lakeScope())),
  );
  const fetched = ranges().map((range) => /bytes=(\d+)-(\d+)/.exec(String(range)) ?? []);
  const bytes = fetched.reduce((sum, [, from, to]) => sum + Number(to) - Number(from) + 1, 0);
  expect(bytes).toBe(90_000);
  expect(await right(files[0]?.path ?? "", { start: 0, end: 90_000 })).toBe(true);
  for (const file of files) file.release();
  await behind.close();
  await proxy.stop();
});

test("one who leaves while a range comes does not take it from the others", async () => {
  const proxy = await startFaultProxy(server.endpoint, ({ method }) =>
    method === "GET" ? { kind: "delay", delayMs: 200 } : undefined,
  );
  const behind = await openCacheLake(proxy.endpoint);
  const cache = behind.cache();
  const file = await cache.sparse(await large(), lakeScope());
  const leaving = new AbortController();
  const range = { start: 0, end: 50_000 };
  const left = file.ensure([range], lakeScope({ signal: leaving.signal }));
  const stayed = file.ensure([range], lakeScope());
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: "timeout" });
  await stayed;
  expect(await right(file.path, range)).toBe(true);
  expect(ranges()).toHaveLength(1);
  file.release();
  await behind.close();
  await proxy.stop();
});

test("what was fetched is there for the next server, and no more than that", async () => {
  const first = lake.cache();
  const file = await first.sparse(await large(), lakeScope());
  await file.ensure([{ start: 100, end: 5_000 }], lakeScope());
  file.release();
  await first.close();
  const again = await lake.cache().sparse(await large(), lakeScope());
  expect(again.missing([{ start: 0, end: 6_000 }])).toEqual([
    { start: 0, end: 100 },
    { start: 5_000, end: 6_000 },
  ]);
  expect(await right(again.path, { start: 100, end: 5_000 })).toBe(true);
  again.release();
});

test("after a power cut only what had reached the disk is believed", async () => {
  const before = lake.cache({ deps: { boot: "first" } });
  const file = await before.sparse(await large(), lakeScope());
  await file.ensure([{ start: 0, end: 900_000 }], lakeScope());
  file.release();
  await before.close();
  const after = lake.cache({ deps: { boot: "second" } });
  const again = await after.sparse(await large(), lakeScope());
  expect(again.missing([{ start: 0, end: 10 }])).toEqual([{ start: 0, end: 10 }]);
  await again.ensure([{ start: 0, end: 10 }], lakeScope());
  again.release();
});

test.each(["\n12 34", "\n12 34\n", "\nsynced", "\n5 900000 1\n", "no head\n"])(
  "a damaged list of ranges (%j) claims nothing that is not there",
  async (damage) => {
    const cache = lake.cache();
    const object = await large();
    const file = await cache.sparse(object, lakeScope());
    await file.ensure([{ start: 100, end: 200 }], lakeScope());
    file.release();
    await cache.close();
    const folder = join(lake.dir, "v1", "entries");
    const [entry = ""] = await readdir(folder);
    const path = join(folder, entry, "ranges");
    const text = await readFile(path, "utf8");
    await writeFile(path, damage === "no head\n" ? damage : text + damage);
    const again = await lake.cache().sparse(object, lakeScope());
    const gaps = createRangeSet();
    for (const gap of again.missing([{ start: 0, end: object.sizeBytes }])) gaps.add(gap);
    for (const range of gaps.gaps([{ start: 0, end: object.sizeBytes }])) {
      expect(await right(again.path, range)).toBe(true);
    }
    await again.ensure([{ start: 0, end: 1_000 }], lakeScope());
    expect(await right(again.path, { start: 0, end: 1_000 })).toBe(true);
    again.release();
  },
);

test("an object far larger than the cache is read in part, and its bytes count", async () => {
  const cache = lake.cache({ maxBytes: 200_000 });
  const file = await cache.sparse(await large(), lakeScope());
  await file.ensure([{ start: 0, end: 8_192 }], lakeScope());
  await expect.poll(() => cache.usage().usedBytes).toBe(8_192);
  await expect(file.ensure([{ start: 0, end: 300_000 }], lakeScope())).rejects.toMatchObject({
    code: "too_large",
    details: { setting: "lake.cache.maxBytes" },
  });
  file.release();
});

test("a range of another version is changed, and the old version is forgotten", async () => {
  await server.put("data", "moving", randomBytes(50_000));
  const object = await lake.head("s3://data/moving");
  const cache = lake.cache();
  const file = await cache.sparse(object, lakeScope());
  await file.ensure([{ start: 0, end: 10 }], lakeScope());
  await server.put("data", "moving", randomBytes(50_000));
  await expect(file.ensure([{ start: 10, end: 20 }], lakeScope())).rejects.toMatchObject({ code: "changed" });
  file.release();
  await expect.poll(() => lake.filesIn()).toMatchObject({ entries: 0, pins: 0 });
});

test("random ranges are always what the object has, with the fewest bytes (seed in the name of the failure)", async () => {
  const seed = Date.now() % 1_000_000;
  let state = seed;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
  const file = await lake.cache().sparse(await large(), lakeScope());
  const model = createRangeSet();
  for (let round = 0; round < 60; round++) {
    const asked = Array.from({ length: 1 + random(5) }, () => {
      const start = random(body.length);
      return { start, end: Math.min(body.length, start + 1 + random(30_000)) };
    });
    const wanted = model
      .gaps(tidyRanges(asked, body.length))
      .reduce((sum, { start, end }) => sum + end - start, 0);
    const { fetchedBytes } = await file.ensure(asked, lakeScope(), { maxGapBytes: 0 });
    expect(fetchedBytes, `seed ${seed}`).toBe(wanted);
    for (const range of asked) {
      model.add(range);
      expect(await right(file.path, range), `seed ${seed}`).toBe(true);
    }
  }
  file.release();
});
