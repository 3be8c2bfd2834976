import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type CacheLake, openCacheLake } from "../../../test/harness/cache-lake.ts";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";
import { ToolError } from "../../core/errors.ts";
import type { StoredObject } from "../stores/store.ts";
import type { Derive } from "./cache.ts";

const patient = { timeout: 10_000 };
let server: S3Server;
let lake: CacheLake;
let object: StoredObject;

beforeAll(async () => {
  server = await startS3Server(["data"]);
  await server.put("data", "x.csv.gz", "compressed");
});
afterAll(() => server.stop());
beforeEach(async () => {
  lake = await openCacheLake(server.endpoint);
  object = await lake.head("s3://data/x.csv.gz");
});
afterEach(() => lake.close());

/** A derivation that counts how often it ran. */
function counted(derive: Derive): Derive & { runs: number } {
  const run = Object.assign(
    (path: string, signal: AbortSignal) => {
      run.runs++;
      return derive(path, signal);
    },
    { runs: 0 },
  );
  return run;
}

test("a derived file is made once per kind, version and tenant, with its facts", async () => {
  const cache = lake.cache();
  const derive = counted(async (path) => {
    await writeFile(path, "id\n1\n");
    return { rows: 1, nested: [{ a: null }] };
  });
  for (let turn = 0; turn < 3; turn++) {
    const made = await cache.derived(object, "utf8-v1", derive, lakeScope());
    expect([await readFile(made.path, "utf8"), made.facts, made.sizeBytes]).toEqual([
      "id\n1\n",
      { rows: 1, nested: [{ a: null }] },
      5,
    ]);
    made.release();
  }
  expect(derive.runs).toBe(1);
  (await cache.derived(object, "utf8-v2", derive, lakeScope())).release();
  (await cache.derived(object, "utf8-v1", derive, lakeScope({ tenantId: "other" }))).release();
  (await cache.derived({ ...object, etag: '"new"' }, "utf8-v1", derive, lakeScope())).release();
  expect(derive.runs).toBe(4);
  await cache.close();
  const next = lake.cache();
  expect((await next.derived(object, "utf8-v1", derive, lakeScope())).facts).toEqual({
    rows: 1,
    nested: [{ a: null }],
  });
  expect(derive.runs).toBe(4);
});

test("facts alone are enough, and a file alone is too", async () => {
  const cache = lake.cache();
  const facts = await cache.derived(object, "facts", async () => ({ rows: 7 }), lakeScope());
  expect([facts.sizeBytes, facts.facts, await readFile(facts.path, "utf8")]).toEqual([0, { rows: 7 }, ""]);
  const file = await cache.derived(object, "file", (path) => writeFile(path, "x"), lakeScope());
  expect([file.sizeBytes, file.facts]).toEqual([1, null]);
});

test("what fails leaves nothing, and is tried anew", async () => {
  const cache = lake.cache();
  const failing: Derive = async (path) => {
    await writeFile(path, "half");
    throw new ToolError("unsupported", "Not this.");
  };
  await expect(cache.derived(object, "k", failing, lakeScope())).rejects.toMatchObject({
    code: "unsupported",
  });
  expect(await lake.filesIn()).toEqual({ entries: 0, temporary: 0, pins: 0 });
  expect(cache.usage().usedBytes).toBe(0);
  const made = await cache.derived(object, "k", (path) => writeFile(path, "whole"), lakeScope());
  expect(await readFile(made.path, "utf8")).toBe("whole");
});

test("a file that outgrows the cache is stopped on the way", async () => {
  const cache = lake.cache({ maxBytes: 1_000_000 });
  let writtenBytes = 0;
  const endless: Derive = async (path, signal) => {
    while (!signal.aborted) {
      await appendFile(path, Buffer.alloc(50_000));
      writtenBytes += 50_000;
      await setTimeout(5);
    }
    signal.throwIfAborted();
  };
  await expect(cache.derived(object, "k", endless, lakeScope())).rejects.toMatchObject({ code: "too_large" });
  expect(writtenBytes).toBeLessThan(20_000_000);
  expect(await lake.filesIn()).toEqual({ entries: 0, temporary: 0, pins: 0 });
});

test("a file that grows makes room as it does", async () => {
  const cache = lake.cache({ maxBytes: 1_000_000 });
  const small: Derive = (path) => writeFile(path, Buffer.alloc(300_000));
  for (const kind of ["a", "b", "c"]) (await cache.derived(object, kind, small, lakeScope())).release();
  const growing: Derive = async (path) => {
    for (let turn = 0; turn < 8; turn++) {
      await appendFile(path, Buffer.alloc(100_000));
      await setTimeout(40);
    }
  };
  const made = await cache.derived(object, "grown", growing, lakeScope());
  expect(made.sizeBytes).toBe(800_000);
  expect(cache.usage().usedBytes).toBeLessThanOrEqual(1_000_000);
  made.release();
});

test("those who wait go on when the one whose work it was is stopped", async () => {
  const cache = lake.cache();
  const stop = new AbortController();
  // Such a derivation listens to its caller, as one that reads objects on the caller's behalf does.
  const first = counted(async () => {
    await setTimeout(60_000, undefined, { signal: stop.signal });
  });
  const stopped = cache.derived(object, "k", first, lakeScope({ signal: stop.signal }));
  stopped.catch(() => {});
  await expect.poll(() => first.runs, patient).toBe(1);
  const waiting = cache.derived(object, "k", (path) => writeFile(path, "second"), lakeScope());
  await setTimeout(50);
  stop.abort();
  await expect(stopped).rejects.toMatchObject({ code: "timeout" });
  expect(await readFile((await waiting).path, "utf8")).toBe("second");
});

test("the signal given to a derivation aborts when the last one leaves", async () => {
  const cache = lake.cache();
  const stop = new AbortController();
  let stopped = false;
  const derive = counted(async (path, signal) => {
    await writeFile(path, "half");
    await setTimeout(60_000, undefined, { signal }).catch(() => {
      stopped = true;
    });
    signal.throwIfAborted();
  });
  const made = cache.derived(object, "k", derive, lakeScope({ signal: stop.signal }));
  made.catch(() => {});
  await expect.poll(() => derive.runs, patient).toBe(1);
  stop.abort();
  await expect(made).rejects.toMatchObject({ code: "timeout" });
  await expect.poll(() => lake.filesIn(), patient).toEqual({ entries: 0, temporary: 0, pins: 0 });
  expect(stopped).toBe(true);
});

test("damaged facts are not served: the file is made again", async () => {
  const cache = lake.cache();
  const derive = counted(async (path) => writeFile(path, "x"));
  (await cache.derived(object, "k", derive, lakeScope())).release();
  const [entry] = await readdir(`${lake.dir}/v1/entries`);
  for (const damage of ["", "{", '{"sizeBytes":2,"facts":null}']) {
    await writeFile(`${lake.dir}/v1/entries/${entry}/facts`, damage);
    (await cache.derived(object, "k", derive, lakeScope())).release();
  }
  expect(derive.runs).toBe(4);
});
