import { randomBytes } from "node:crypto";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CacheLake, openCacheLake } from "../../../test/harness/cache-lake.ts";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";
import { mountSmallDisk } from "../../../test/harness/small-disk.ts";
import type { ObjectCache } from "./cache.ts";

const mib = 2 ** 20;
const disk = mountSmallDisk(16 * mib);
const skipped = disk === undefined ? " (skipped: no disk may be mounted here)" : "";

describe.skipIf(disk === undefined)(`A disk that is full long before the cap of the cache${skipped}`, () => {
  const scope = lakeScope();
  const objects = new Map<string, Buffer>();
  let server: S3Server;
  let lake: CacheLake;
  let cache: ObjectCache;

  beforeAll(async () => {
    server = await startS3Server(["data"]);
    for (const name of ["a", "b", "c", "d", "e", "f"]) objects.set(name, randomBytes(5 * mib));
    objects.set("huge", randomBytes(24 * mib));
    for (const [name, bytes] of objects) await server.put("data", name, bytes);
  });
  afterAll(async () => {
    await server?.stop();
    disk?.unmount();
  });
  beforeEach(async () => {
    lake = await openCacheLake(server.endpoint, undefined, disk?.path);
    cache = lake.cache({ maxBytes: 2 ** 40 });
  });
  afterEach(() => lake.close());

  async function expectContent(name: string): Promise<void> {
    const file = await cache.object(await lake.head(`s3://data/${name}`), scope);
    try {
      expect((await readFile(file.path)).equals(objects.get(name) ?? Buffer.alloc(0)), name).toBe(true);
    } finally {
      file.release();
    }
  }

  test("objects read long ago make room for the next", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f", "a"]) await expectContent(name);
    expect((await lake.filesIn()).entries).toBeLessThanOrEqual(3);
  });

  test("what never fits is refused with what to do, leaves nothing behind, and its parts can be read", async () => {
    await expectContent("a");
    const object = await lake.head("s3://data/huge");
    await expect(cache.object(object, scope)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("lake.cache.dir"),
    });
    expect(await lake.filesIn()).toMatchObject({ temporary: 0, pins: 0 });

    const file = await cache.sparse(object, scope);
    const start = 20 * mib;
    await file.ensure([{ start, end: start + 3 * mib }], scope);
    const handle = await open(file.path);
    const { buffer } = await handle.read(Buffer.alloc(3 * mib), 0, 3 * mib, start);
    await handle.close();
    file.release();
    expect(buffer.equals(objects.get("huge")?.subarray(start, start + 3 * mib) ?? Buffer.alloc(0))).toBe(
      true,
    );
    for (const name of ["b", "c", "d"]) await expectContent(name);
  });

  test("many at once on a disk for three are answered rightly or refused, and none of them stays refused", async () => {
    const names = [...objects.keys()].filter((name) => name !== "huge");
    const answers = await Promise.allSettled(names.map(expectContent));
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    for (const thrown of refused) expect(thrown).toMatchObject({ code: "unavailable" });
    for (const name of names) await expectContent(name);
  });

  test("a disk someone else has filled is refused, and reading goes on once there is room again", async () => {
    const foreign = `${disk?.path}/foreign`;
    await writeFile(foreign, Buffer.alloc(15 * mib));
    await expect(expectContent("a")).rejects.toMatchObject({ code: "unavailable" });
    await rm(foreign);
    await expectContent("a");
  });
});
