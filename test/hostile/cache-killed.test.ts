import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openCacheLake } from "../harness/cache-lake.ts";
import { startFaultProxy } from "../harness/fault-proxy.ts";
import { lakeScope } from "../harness/lake-settings.ts";
import { createRandom } from "../harness/random.ts";
import { startS3Server } from "../harness/s3-server.ts";

const child = fileURLToPath(new URL("../harness/cache-child.ts", import.meta.url));

test("a server killed while it downloads leaves no torn entry, and its leftovers go", async () => {
  const server = await startS3Server(["data"]);
  const body = randomBytes(1_500_000);
  await server.put("data", "large", body);
  const slow = await startFaultProxy(server.endpoint, ({ method }) =>
    method === "GET" ? { kind: "delay", delayMs: 400 } : undefined,
  );
  const lake = await openCacheLake(server.endpoint);
  for (const killAfterMs of [100, 300]) {
    const running = spawn(process.execPath, ["--import", "tsx", child, slow.endpoint, lake.dir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const closed = once(running, "close");
    await new Promise((resolve) => running.stdout.once("data", resolve));
    await new Promise((resolve) => setTimeout(resolve, killAfterMs));
    running.kill("SIGKILL");
    await closed;
    expect(running.signalCode).toBe("SIGKILL");

    const cache = lake.cache();
    const file = await cache.object(await lake.head("s3://data/large"), lakeScope());
    expect((await readFile(file.path)).equals(body)).toBe(true);
    file.release();
    expect(await readdir(join(lake.dir, "v1", "instances"))).toHaveLength(1);
    await cache.close();
    await rm(join(lake.dir, "v1", "entries"), { recursive: true });
  }
  await lake.close();
  await slow.stop();
  await server.stop();
});

test("two servers killed at any moment claim no byte they do not have", async () => {
  const seed = randomBytes(4).readUInt32LE();
  console.log(`seed ${seed}`);
  const random = createRandom(seed);
  const server = await startS3Server(["data"]);
  const body = randomBytes(1_500_000);
  await server.put("data", "large", body);
  const small = Array.from({ length: 4 }, () => randomBytes(100_000));
  for (const [at, bytes] of small.entries()) await server.put("data", `small-${at}`, bytes);
  const lake = await openCacheLake(server.endpoint);
  let [claimedBytes, smallThere] = [0, 0];
  for (let round = 0; round < 3; round++) {
    // The lower cap lets them evict and make anew what the other is about to open.
    const maxBytes = round % 2 === 0 ? "10000000" : "400000";
    const running = [random(2 ** 31), random(2 ** 31)].map((childSeed) =>
      spawn(
        process.execPath,
        ["--import", "tsx", child, server.endpoint, lake.dir, String(childSeed), maxBytes],
        { stdio: ["ignore", "pipe", "inherit"] },
      ),
    );
    await Promise.all(running.map(({ stdout }) => new Promise((resolve) => stdout?.once("data", resolve))));
    for (const one of running) {
      await new Promise((resolve) => setTimeout(resolve, 20 + random(300)));
      const closed = new Promise((resolve) => one.once("close", (_code, signal) => resolve(signal)));
      one.kill("SIGKILL");
      expect(await closed, `seed ${seed}`).toBe("SIGKILL");
    }
    const cache = lake.cache();
    for (const tenantId of ["tenant-0", "tenant-1", "tenant-2"]) {
      const file = await cache.sparse(await lake.head("s3://data/large"), lakeScope({ tenantId }));
      const bytes = await readFile(file.path);
      let position = 0;
      for (const gap of [...file.missing([{ start: 0, end: body.length }]), { start: body.length, end: 0 }]) {
        const claimed = body.subarray(position, gap.start);
        expect(bytes.subarray(position, gap.start).equals(claimed), `seed ${seed}`).toBe(true);
        claimedBytes += claimed.length;
        position = gap.end;
      }
      file.release();
      for (const [at, whole] of small.entries()) {
        const one = await cache.sparse(await lake.head(`s3://data/small-${at}`), lakeScope({ tenantId }));
        const isThere = one.missing([{ start: 0, end: whole.length }]).length === 0;
        if (isThere) expect((await readFile(one.path)).equals(whole), `seed ${seed}`).toBe(true);
        if (isThere) smallThere++;
        one.release();
      }
    }
    await cache.close();
  }
  expect(claimedBytes).toBeGreaterThan(0);
  expect(smallThere).toBeGreaterThan(0);
  await lake.close();
  await server.stop();
}, 120_000);
