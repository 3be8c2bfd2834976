import { expect, test } from "vitest";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { createBoundaries } from "../boundaries.ts";
import type { Location } from "../location.ts";
import type { StoredObject } from "../stores/store.ts";
import type { ObjectCache } from "./cache.ts";
import { guardedCache } from "./guarded-cache.ts";

const reached: string[] = [];
const file = async ({ uri }: StoredObject) => {
  reached.push(uri);
  throw new Error("It was let through.");
};
const cache = { sparse: file, object: file, derived: file } as unknown as ObjectCache;
const guarded = guardedCache(
  cache,
  createBoundaries({
    buckets: [{ bucket: "lake", prefix: "a/" }],
    localRoots: [{ name: "r", path: "/srv" }],
  }),
);

function stored(location: Location): StoredObject {
  return { uri: JSON.stringify(location), location, sizeBytes: 1, etag: '"1"', lastModified: new Date(0) };
}

const derive = async () => ({});
const ways = [
  (object: StoredObject) => guarded.sparse(object, lakeScope()),
  (object: StoredObject) => guarded.object(object, lakeScope()),
  (object: StoredObject) => guarded.derived(object, "k", derive, lakeScope()),
];

test.each<[string, Location, boolean]>([
  ["an object inside", { kind: "s3", bucket: "lake", key: "a/x" }, true],
  ["an object beside", { kind: "s3", bucket: "lake", key: "ab/x" }, false],
  ["an object of another bucket", { kind: "s3", bucket: "other", key: "a/x" }, false],
  ["a file inside", { kind: "local", path: "/srv/x" }, true],
  ["a file outside", { kind: "local", path: "/etc/x" }, false],
  [
    "a file of a catalog's table, which the catalog allows",
    { kind: "s3", bucket: "any", key: "x", tableId: "t" },
    true,
  ],
])("%s", async (_, location, isLetThrough) => {
  reached.length = 0;
  for (const way of ways) {
    const message = isLetThrough ? "It was let through." : "outside";
    await expect(way(stored(location))).rejects.toThrow(message);
  }
  expect(reached).toHaveLength(isLetThrough ? ways.length : 0);
});
