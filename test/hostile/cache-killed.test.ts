import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openCacheLake } from "../harness/cache-lake.ts";
import { startFaultProxy } from "../harness/fault-proxy.ts";
import { lakeScope } from "../harness/lake-settings.ts";
import { startS3Server } from "../harness/s3-server.ts";

const child = fileURLToPath(new URL("../harness/cache-child.ts", import.meta.url));

test("a server killed while it downloads leaves no torn entry, and its leftovers go", async () => {
  const server = await startS3Server(["data"]);
  const body = randomBytes(1_500_000);
  await server.put("data", "large", body);
  const slow = await startFaultProxy(server.endpoint, ({ method }) =>
    method === "GET" ? { kind: "delay", delayMs: 100 } : undefined,
  );
  const lake = await openCacheLake(server.endpoint);
  for (const killAfterMs of [100, 300]) {
    const running = spawn(process.execPath, ["--import", "tsx", child, slow.endpoint, lake.dir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => running.stdout.once("data", resolve));
    await new Promise((resolve) => setTimeout(resolve, killAfterMs));
    running.kill("SIGKILL");
    await new Promise((resolve) => running.once("close", resolve));

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
