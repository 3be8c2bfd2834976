import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type CacheLake, openCacheLake } from "../../../test/harness/cache-lake.ts";
import { type Fault, startFaultProxy } from "../../../test/harness/fault-proxy.ts";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";
import type { ObjectCache } from "./cache.ts";

let server: S3Server;
let lake: CacheLake;
const large = randomBytes(1_000_000);

beforeAll(async () => {
  server = await startS3Server(["data"]);
  await server.put("data", "large", large);
  await server.put("data", "empty", "");
});
afterAll(() => server.stop());
beforeEach(async () => {
  lake = await openCacheLake(server.endpoint);
  server.requests.length = 0;
});
afterEach(() => lake.close());

const gets = () => server.requests.filter(({ method }) => method === "GET");

async function put(key: string, sizeBytes: number) {
  const body = randomBytes(sizeBytes);
  await server.put("data", key, body);
  return { body, object: await lake.head(`s3://data/${key}`) };
}

async function content(cache: ObjectCache, uri: string, scope = lakeScope()): Promise<Buffer> {
  const file = await cache.object(await lake.head(uri), scope);
  try {
    return await readFile(file.path);
  } finally {
    file.release();
  }
}

test("an object comes down in ranges that insist on one version, and once only", async () => {
  const cache = lake.cache();
  expect((await content(cache, "s3://data/large")).equals(large)).toBe(true);
  expect(
    gets()
      .map(({ headers }) => headers.range)
      .sort(),
  ).toHaveLength(16);
  for (const { headers } of gets()) expect(headers["if-match"]).toMatch(/^"[0-9a-f]{32}"$/);
  server.requests.length = 0;
  expect((await content(cache, "s3://data/large")).equals(large)).toBe(true);
  expect(gets()).toEqual([]);
  expect(cache.usage()).toEqual({ usedBytes: large.length, maxBytes: 10_000_000 });
});

test("an empty object is an empty file", async () => {
  expect(await content(lake.cache(), "s3://data/empty")).toHaveLength(0);
});

test("progress counts bytes up to the whole", async () => {
  const seen: number[] = [];
  const scope = lakeScope({ progress: ({ done, total }) => seen.push(done / (total ?? 0)) });
  await content(lake.cache(), "s3://data/large", scope);
  expect(seen.at(-1)).toBe(1);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test("the file cannot be written to, and its name says nothing of the object", async () => {
  const file = await lake.cache().object(await lake.head("s3://data/large"), lakeScope());
  expect((await stat(file.path)).mode & 0o777).toBe(0o400);
  expect(file.path).not.toContain("large");
  file.release();
});

test("tenants, versions and objects have entries of their own", async () => {
  const cache = lake.cache();
  await content(cache, "s3://data/large");
  await content(cache, "s3://data/large", lakeScope({ tenantId: "other" }));
  expect(gets()).toHaveLength(32);
  await put("moving", 10);
  await content(cache, "s3://data/moving");
  const { body } = await put("moving", 10);
  expect((await content(cache, "s3://data/moving")).equals(body)).toBe(true);
  expect((await lake.filesIn()).entries).toBe(4);
});

test("two keys that differ in odd characters only do not meet, and stay in the folder", async () => {
  const cache = lake.cache();
  for (const key of ["a/../x", "x", "a/x", "%2e%2e/x", "x\n", "/", "//"]) {
    await server.put("data", key, `content of ${JSON.stringify(key)}`);
    expect((await content(cache, `s3://data/${key}`)).toString()).toBe(`content of ${JSON.stringify(key)}`);
  }
});

test("an object that changes while it comes down is changed, and leaves nothing", async () => {
  const { object } = await put("moving", 500_000);
  let asked = 0;
  const proxy = await startFaultProxy(server.endpoint, async () => {
    if (++asked === 4) await server.put("data", "moving", randomBytes(500_000));
    return undefined;
  });
  const behind = await openCacheLake(proxy.endpoint);
  const cache = behind.cache({ deps: { parallel: 1 } });
  await expect(cache.object(object, lakeScope())).rejects.toMatchObject({ code: "changed", retryable: true });
  expect(cache.usage().usedBytes).toBe(0);
  expect(await behind.filesIn()).toEqual({ entries: 0, temporary: 0, pins: 0 });
  await behind.close();
  await proxy.stop();
});

test("an object that is not the size the listing said is changed", async () => {
  const { object } = await put("moving", 100);
  const cache = lake.cache();
  for (const sizeBytes of [99, 101, 200_000]) {
    await expect(cache.object({ ...object, sizeBytes }, lakeScope())).rejects.toMatchObject({
      code: "changed",
    });
  }
  expect(await lake.filesIn()).toEqual({ entries: 0, temporary: 0, pins: 0 });
});

test.each<[string, Fault]>([
  ["breaks", { kind: "reset", afterBytes: 10_000 }],
  ["stays short", { kind: "short", bytes: 30_000 }],
  ["is refused", { kind: "answer", status: 503 }],
])("a range that %s once is made good, or nothing is kept", async (kind, fault) => {
  const object = await lake.head("s3://data/large");
  for (const always of [false, true]) {
    const proxy = await startFaultProxy(server.endpoint, (_request, index) =>
      always || index === 3 ? fault : undefined,
    );
    const behind = await openCacheLake(proxy.endpoint);
    const cache = behind.cache();
    const reading = cache.object(object, lakeScope()).then(({ path }) => readFile(path));
    if (always || kind === "stays short") {
      await expect(reading).rejects.toMatchObject({ name: "ToolError", retryable: true });
      expect(await behind.filesIn()).toEqual({ entries: 0, temporary: 0, pins: 0 });
    } else {
      expect((await reading).equals(large)).toBe(true);
    }
    await behind.close();
    await proxy.stop();
  }
});

test("many who ask at once share one download", async () => {
  const cache = lake.cache();
  const object = await lake.head("s3://data/large");
  const files = await Promise.all(Array.from({ length: 20 }, () => cache.object(object, lakeScope())));
  expect(gets()).toHaveLength(16);
  for (const { path, release } of files) {
    expect((await readFile(path)).equals(large)).toBe(true);
    release();
  }
  await expect.poll(() => lake.filesIn()).toEqual({ entries: 1, temporary: 0, pins: 0 });
});

test("small objects nobody waits for any more are not fetched on, and take nobody's place", async () => {
  for (let at = 0; at < 100; at++) await server.put("data", `small-${at}`, "x".repeat(1_000));
  const proxy = await startFaultProxy(server.endpoint, ({ method, url }) =>
    method === "GET" && url?.includes("small-") ? { kind: "delay", delayMs: 60_000 } : undefined,
  );
  const behind = await openCacheLake(proxy.endpoint);
  try {
    const cache = behind.cache();
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const asked = Array.from({ length: 100 }, async (_, at) =>
      cache.object(await behind.head(`s3://data/small-${at}`), lakeScope({ signal: stop.signal })),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    stop.abort();
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
    const other = await cache.object(await behind.head("s3://data/large"), lakeScope());
    expect(other.missing([{ start: 0, end: large.length }])).toEqual([]);
    other.release();
  } finally {
    await behind.close();
    await proxy.stop();
  }
});

test("one who leaves does not stop the others, and the last one does", async () => {
  const proxy = await startFaultProxy(server.endpoint, ({ method }, index) =>
    method === "GET" && index > 4 ? { kind: "delay", delayMs: 300 } : undefined,
  );
  const behind = await openCacheLake(proxy.endpoint);
  const cache = behind.cache({ deps: { parallel: 2 } });
  const object = await lake.head("s3://data/large");
  const [first, second] = [new AbortController(), new AbortController()];
  const ask = (stop: AbortController) => cache.object(object, lakeScope({ signal: stop.signal }));
  const leaving = ask(first);
  const staying = ask(second);
  leaving.catch(() => {});
  await expect.poll(() => gets().length, { timeout: 10_000 }).toBeGreaterThan(2);
  first.abort();
  await expect(leaving).rejects.toMatchObject({ code: "timeout" });
  const file = await staying;
  expect((await readFile(file.path)).equals(large)).toBe(true);
  file.release();

  const alone = new AbortController();
  const other = cache.object(object, lakeScope({ tenantId: "other", signal: alone.signal }));
  other.catch(() => {});
  await expect.poll(() => proxy.open().now, { timeout: 10_000 }).toBeGreaterThan(0);
  alone.abort();
  await expect(other).rejects.toMatchObject({ code: "timeout" });
  await expect.poll(() => proxy.open().now, { timeout: 10_000 }).toBe(0);
  await expect.poll(() => behind.filesIn()).toMatchObject({ entries: 1, temporary: 0 });
  await behind.close();
  await proxy.stop();
});

test("what the disk has no room for is tried once more after making room, then refused", async () => {
  await put("old", 1000);
  let failures = 1;
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const cache = lake.cache({
    stores: {
      ...lake.stores,
      async read(request, signal) {
        const result = await lake.stores.read(request, signal);
        if (request.location.kind !== "s3" || request.location.key !== "large" || failures-- <= 0)
          return result;
        throw full;
      },
    },
    deps: { parallel: 1 },
  });
  await content(cache, "s3://data/old");
  expect((await content(cache, "s3://data/large")).equals(large)).toBe(true);
  expect((await lake.filesIn()).entries).toBe(1);

  failures = 100;
  const again = cache.object(await lake.head("s3://data/large"), lakeScope({ tenantId: "other" }));
  await expect(again).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("lake.cache.dir"),
  });
  const nothingLeft = cache.object(await lake.head("s3://data/large"), lakeScope({ tenantId: "other" }));
  await expect(nothingLeft).rejects.toMatchObject({ code: "unavailable" });
});

test("a cache folder that cannot be made is unavailable, without its path, and works once it can", async () => {
  const file = join(lake.dir, "v1");
  await writeFile(file, "in the way");
  const cache = lake.cache();
  const object = await lake.head("s3://data/large");
  await expect(cache.object(object, lakeScope())).rejects.toMatchObject({
    code: "unavailable",
    message: "The local cache folder (lake.cache.dir) cannot be used.",
  });
  await rm(file);
  (await cache.object(object, lakeScope())).release();
});

test("local files are given in place", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-inplace-"));
  await writeFile(join(root, "x.csv"), "id\n1\n");
  await chmod(join(root, "x.csv"), 0o600);
  const local = await openCacheLake(server.endpoint, root);
  const cache = local.cache();
  const object = await local.head(join(root, "x.csv"));
  const file = await cache.object(object, lakeScope());
  expect(await readFile(file.path, "utf8")).toBe("id\n1\n");
  expect(file.sizeBytes).toBe(5);
  file.release();
  expect(cache.usage().usedBytes).toBe(0);
  await writeFile(join(root, "x.csv"), "id\n1\n2\n");
  await expect(cache.object(object, lakeScope())).rejects.toMatchObject({ code: "changed" });
  await local.close();
  await rm(root, { recursive: true });
});
