import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { parquetOf } from "../harness/parquet.ts";
import { type S3Server, startS3Server } from "../harness/s3-server.ts";

const child = fileURLToPath(new URL("../harness/many-objects-child.ts", import.meta.url));
const objectCount = 10_000;
const rowsEach = 20;
const distinctBodies = 50;
let server: S3Server;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sluice-many-"));
  server = await startS3Server(["lake"]);
  const selects = Array.from(
    { length: distinctBodies },
    (_, n) => `SELECT ${n * rowsEach} + i AS id, i % 3 AS k FROM range(${rowsEach}) t(i)`,
  );
  const bodies = await Promise.all(selects.map((select) => parquetOf(select)));
  const numbers = Array.from({ length: objectCount }, (_, n) => n);
  for (let from = 0; from < objectCount; from += 20) {
    await Promise.all(
      numbers.slice(from, from + 20).map((n) => {
        const body = bodies[n % distinctBodies] ?? Buffer.alloc(0);
        return server.put("lake", `many/part-${String(n).padStart(5, "0")}.parquet`, body);
      }),
    );
  }
}, 300_000);
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

const reports = z.array(
  z.object({
    name: z.string(),
    answer: z.unknown(),
    tookMs: z.number(),
    grownBytes: z.number(),
    peakBytes: z.number(),
  }),
);

test.runIf(process.platform === "linux")(
  "10,000 objects below a prefix are listed, counted and queried in bounded memory",
  { timeout: 600_000 },
  async () => {
    server.requests.length = 0;
    const args = ["--import", "tsx", child, server.endpoint, dir, "many"];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const steps = reports.parse(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
    for (const step of steps) console.info(JSON.stringify(step));
    const isListing = ({ url }: { url: string }) => url.includes("list-type");
    const listings = server.requests.filter(isListing).length;
    const others = server.requests.length - listings;
    console.info(`${listings} listings, ${others} other requests`);
    const sums = [0, 1, 2].map((k) => {
      const ids = Array.from({ length: distinctBodies * rowsEach }, (_, id) => id).filter(
        (id) => (id % rowsEach) % 3 === k,
      );
      const copies = objectCount / distinctBodies;
      return [k, ids.length * copies, ids.reduce((sum, id) => sum + id, 0) * copies];
    });
    expect(steps.map(({ name, answer }) => [name, answer])).toEqual([
      ["list", objectCount],
      ["count", [[objectCount * rowsEach]]],
      ["group", sums],
      ["again", sums],
      ["glob", [[1_000 * rowsEach]]],
    ]);
    // Of each step at most one listing of all, a thousand keys a page, and a look for a table's log.
    expect(listings).toBeLessThanOrEqual(5 * (objectCount / 1_000 + 2));
    // Each object once for all steps, and a HEAD of the name in each.
    expect(others).toBeLessThanOrEqual(objectCount + 10);
    expect(Math.max(...steps.map(({ peakBytes }) => peakBytes))).toBeLessThan(800 * 1024 ** 2);
  },
);
