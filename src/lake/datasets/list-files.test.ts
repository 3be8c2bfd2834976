import { afterAll, beforeAll, expect, test } from "vitest";
import { type CacheLake, openCacheLake } from "../../../test/harness/cache-lake.ts";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { type S3Server, startS3Server } from "../../../test/harness/s3-server.ts";
import { RecentMap } from "../recent-map.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import { listBelow } from "./list-files.ts";

let server: S3Server;
let lake: CacheLake;

beforeAll(async () => {
  server = await startS3Server(["data"]);
  lake = await openCacheLake(server.endpoint);
  await putAll(Array.from({ length: 2_300 }, (_, at) => nameOf(at)));
}, 60_000);
afterAll(async () => {
  await lake.close();
  await server.stop();
});

function nameOf(at: number): string {
  return `many/${String(at).padStart(5, "0")}`;
}

async function putAll(keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 50) {
    await Promise.all(keys.slice(at, at + 50).map((key) => server.put("data", key, "x")));
  }
}

const keysOf = (objects: readonly StoredObject[]) =>
  objects.map(({ location }) => (location.kind === "s3" ? location.key : location.path));

/** Keys, and after what name each page began. */
async function list(store: Stores = lake.stores, scope = lakeScope()) {
  const before = server.requests.length;
  const keys = keysOf(await listBelow(store, lake.stores.resolve("s3://data/many/"), scope));
  const asked = server.requests.slice(before).map(({ url }) => new URL(url, "http://s3").searchParams);
  return { keys, pages: asked.map((page) => page.get("start-after")) };
}

/** By a store nobody has listed with: page after page. */
const listAnew = async () => (await list({ ...lake.stores, pageEnds: new RecentMap(10) })).keys;

test("pages are asked for at once when the listing was made before", async () => {
  const first = await list();
  expect(first.keys).toHaveLength(2_300);
  expect(first.pages).toEqual([null, null, null]);
  const again = await list();
  expect(again.keys).toEqual(first.keys);
  expect([...again.pages].sort()).toEqual(["many/00999", "many/01999", null].sort());
});

test("what was added, removed or moved around the ends of pages is all there, once", async () => {
  const steps: [string[], string[]][] = [
    [["many/00999a", "many/00000a", "many/99999"], []],
    [[], ["many/00999", "many/01000", "many/01999"]],
    [Array.from({ length: 1_050 }, (_, at) => `many/00500-${String(at).padStart(4, "0")}`), []],
    [[], Array.from({ length: 900 }, (_, at) => nameOf(1_001 + at))],
    [["many/été", "many/日本", "many/zz"], ["many/99999"]],
  ];
  for (const [added, removed] of steps) {
    await putAll(added);
    for (const key of removed) await server.remove("data", key);
    const { keys } = await list();
    expect(keys).toEqual(await listAnew());
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of added) expect(keys).toContain(key);
    for (const key of removed) expect(keys).not.toContain(key);
  }
}, 60_000);

test("tenants do not learn of each other's listings", async () => {
  await list();
  const { pages } = await list(lake.stores, lakeScope({ tenantId: "other" }));
  expect(pages.every((after) => after === null)).toBe(true);
});

test("a store that lists in no order is listed page by page", async () => {
  const shuffled: Stores = {
    ...lake.stores,
    async list(request, signal) {
      const page = await lake.stores.list(request, signal);
      return { ...page, objects: page.objects.reverse() };
    },
  };
  const first = await list(shuffled);
  const again = await list(shuffled);
  expect([...again.keys].sort()).toEqual([...(await listAnew())].sort());
  expect(again.pages).toEqual(first.pages);
});
