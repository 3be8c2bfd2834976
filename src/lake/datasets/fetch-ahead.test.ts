import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type CacheLake, openCacheLake } from "../../../test/harness/cache-lake.ts";
import { lakeScope, lakeSettings } from "../../../test/harness/lake-settings.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";
import type { ObjectCache } from "../cache/cache.ts";
import type { FormatHints } from "../formats/format.ts";
import { fetchAhead } from "./fetch-ahead.ts";
import { createSniffer, type Sniffer } from "./sniffer.ts";

const sizeBytes = 5_000_000;
const text = "id,name\n1,Ann\n".repeat(400_000).slice(0, sizeBytes);
const patient = { timeout: 10_000 };
const scope = lakeScope();
let server: S3Server;
let lake: CacheLake;
let cache: ObjectCache;
let sniffer: Sniffer;

beforeAll(async () => {
  server = await startS3Server(["data"]);
  for (const name of ["a.csv", "a.tsv", "a", "a.csv.gz", "a.parquet", "a.json"]) {
    await server.put("data", name, text);
  }
  await server.put("data", "small.csv", text.slice(0, 1_000_000));
});
afterAll(() => server.stop());
beforeEach(async () => {
  lake = await openCacheLake(server.endpoint);
  cache = lake.cache({ maxBytes: 100_000_000 });
  sniffer = createSniffer(lake.stores);
});
afterEach(() => lake.close());

async function begin(name: string, hints: FormatHints = {}, maxBytes = 100_000_000) {
  const object = await lake.head(`s3://data/${name}`);
  const dataset = {
    uri: object.uri,
    hints,
    files: [{ object, partition: {} }],
    partitionColumns: [],
    sizeBytes: object.sizeBytes,
    version: object.etag,
    notes: [],
  };
  const settings = lakeSettings({ cache: { dir: lake.dir, maxBytes } });
  server.requests.length = 0;
  return { object, stop: fetchAhead({ cache, sniffer, settings }, dataset, scope) };
}

const gets = () => server.requests.filter(({ method }) => method === "GET");

test.each<[string, FormatHints]>([
  ["a.csv", {}],
  ["a.tsv", { encoding: "utf-8" }],
  ["a", { format: "csv" }],
])("%s with hints %j is on its way before anybody asks, and is not fetched twice", async (name, hints) => {
  const { object, stop } = await begin(name, hints);
  await expect.poll(() => gets().length, patient).toBeGreaterThan(0);
  const file = await cache.sparse(object, scope);
  await file.ensure([{ start: 0, end: sizeBytes }], scope);
  stop();
  const ranges = gets().map(({ headers }) => headers.range);
  expect(new Set(ranges).size).toBe(ranges.length);
  expect(gets().every(({ headers }) => headers["if-match"] === object.etag)).toBe(true);
  expect(cache.counts().fetchedBytes).toBe(sizeBytes);
  file.release();
});

test("what nobody waits for is stopped, and its file given back", async () => {
  const { object, stop } = await begin("a.csv");
  const file = await cache.sparse(object, scope);
  stop();
  await file.close?.();
  await expect.poll(() => lake.filesIn(), patient).toMatchObject({ pins: 0 });
  expect(cache.counts().fetchedBytes).toBeLessThan(sizeBytes);
});

test("a version that is gone is nobody's fault until it is asked for", async () => {
  const { object, stop } = await begin("a.csv");
  stop();
  await server.put("data", "a.csv", text.replace("Ann", "Bob"));
  const old = await begin("a.csv");
  old.stop();
  const file = await cache.sparse(object, scope);
  await expect(file.ensure([{ start: 0, end: sizeBytes }], scope)).rejects.toMatchObject({ code: "changed" });
  file.release();
});

test.each<[string, FormatHints, number]>([
  ["a.csv.gz", {}, 100_000_000],
  ["a.parquet", {}, 100_000_000],
  ["a.json", {}, 100_000_000],
  ["a", {}, 100_000_000],
  ["a.csv", { format: "text" }, 100_000_000],
  ["a.csv", { encoding: "latin-1" }, 100_000_000],
  ["small.csv", {}, 100_000_000],
  ["a.csv", {}, 4 * sizeBytes - 1],
])("%s with hints %j in a cache of %d bytes waits for its first bytes", async (name, hints, maxBytes) => {
  const { object, stop } = await begin(name, hints, maxBytes);
  await (await cache.sparse(object, scope)).close?.();
  stop();
  expect(gets()).toEqual([]);
});

test("a file whose first bytes are known is left to whoever needs it", async () => {
  const object = await lake.head("s3://data/a.csv");
  await sniffer.sniff(object, {}, scope);
  const { stop } = await begin("a.csv");
  await (await cache.sparse(object, scope)).close?.();
  stop();
  expect(gets()).toEqual([]);
});
