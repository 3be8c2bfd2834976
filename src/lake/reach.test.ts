import { describe, expect, test } from "vitest";
import { choices } from "../../test/fuzz/random.ts";
import { lakeSettings } from "../../test/harness/lake-settings.ts";
import { createBoundaries } from "./boundaries.ts";
import { narrowSettings, overlaps, type Reach, reachKey } from "./reach.ts";

const bucket = (text: string) => {
  const [bucket = "", ...rest] = text.split("/");
  return { bucket, prefix: rest.join("/") };
};

function reach(changes: Partial<Reach>): Reach {
  return { buckets: [], localRoots: [], databricks: [], athena: [], ...changes };
}

function within(ours: readonly string[], theirs: readonly string[]) {
  const settings = lakeSettings({ buckets: ours.map(bucket) });
  return narrowSettings(settings, reach({ buckets: theirs.map(bucket) })).buckets.map(
    ({ bucket, prefix }) => `${bucket}/${prefix}`,
  );
}

describe("of buckets, what both name is left", () => {
  test.each<[string[], string[], string[]]>([
    [["lake"], ["lake/a/"], ["lake/a/"]],
    [["lake/a/"], ["lake"], ["lake/a/"]],
    [["lake/a/"], ["lake/a/b/"], ["lake/a/b/"]],
    [["lake/a/"], ["lake/b/"], []],
    [["lake/a/"], ["lake/ab/"], []],
    [["lake/a"], ["lake/a/"], ["lake/a/"]],
    [["lake"], ["lake2"], []],
    [["lake"], ["other", "lake/a/"], ["lake/a/"]],
    [["lake"], [], []],
    [["lake/b/"], ["lake/a/../b/"], []],
  ])("%j and %j: %j", (ours, theirs, left) => {
    expect(within(ours, theirs)).toEqual(left);
  });
});

describe("of local roots, folders by name or path", () => {
  const settings = lakeSettings({
    localRoots: [
      { name: "data", path: "/srv/data" },
      { name: "inner", path: "/srv/data/inner" },
    ],
  });
  const boundaries = (...localRoots: string[]) =>
    createBoundaries(narrowSettings(settings, reach({ localRoots })));
  test.each<[string, string, boolean]>([
    ["data", "/srv/data/x.csv", true],
    ["data", "/srv/data/inner/x.csv", true],
    ["inner", "/srv/data/x.csv", false],
    ["/srv/data/a", "/srv/data/a/x.csv", true],
    ["/srv/data/a", "/srv/data/a", true],
    ["/srv/data/a", "/srv/data/ab/x.csv", false],
    ["/srv/data/a", "/srv/data/a/../b/x.csv", false],
    ["/srv/data/a", "/srv/data/x.csv", false],
    ["/srv/data/a/x.csv", "/srv/data/a/x.csv", true],
    ["/srv", "/srv/data/inner/x.csv", true],
    ["/", "/srv/data/x.csv", true],
    ["/", "/etc/passwd", false],
    ["/srv/other", "/srv/data/x.csv", false],
    ["DATA", "/srv/data/x.csv", false],
  ])("%s and %s: %s", (named, path, isInside) => {
    const ask = () => boundaries(named).resolve(path);
    if (isInside) expect(ask()).toMatchObject({ kind: "local" });
    else expect(ask).toThrow("outside");
  });
});

test("of catalogs, down to nothing", () => {
  const settings = lakeSettings({
    databricks: {
      host: "https://x",
      credentials: { kind: "token", token: "t" },
      warehouseId: undefined,
      allow: [["main", "sales"], ["dev"]],
      maxResultBytes: 1,
    },
    athena: {
      workgroup: "w",
      outputLocation: undefined,
      catalog: "AwsDataCatalog",
      tables: [{ database: "shop", table: "*" }],
      region: undefined,
      endpoint: undefined,
      usdPerTib: 5,
      maxScanBytes: 1,
      auto: false,
    },
  });
  const left = narrowSettings(
    settings,
    reach({ databricks: [["main"], ["dev", "x", "t"]], athena: [{ database: "shop", table: "orders" }] }),
  );
  expect(left.databricks?.allow).toEqual([
    ["main", "sales"],
    ["dev", "x", "t"],
  ]);
  expect(left.athena?.tables).toEqual([{ database: "shop", table: "orders" }]);
  const ofAll = narrowSettings(
    { ...settings, databricks: settings.databricks && { ...settings.databricks, allow: [[]] } },
    reach({ databricks: [["main"], ["dev", "x", "t"]] }),
  );
  expect(ofAll.databricks?.allow).toEqual([["main"], ["dev", "x", "t"]]);
  const none = narrowSettings(
    settings,
    reach({ databricks: [["mai"]], athena: [{ database: "sho", table: "*" }] }),
  );
  expect([none.databricks?.allow, none.athena?.tables]).toEqual([[], []]);
  expect(overlaps(settings, reach({ databricks: [["mai"]] }))).toBe(false);
});

test("reaches that name the same have one key, and no others", () => {
  const [a, b] = [bucket("lake/a/"), bucket("lake/b/")];
  expect(reachKey(reach({ buckets: [a, b, a] }))).toBe(reachKey(reach({ buckets: [b, a] })));
  const keys = [
    reach({}),
    reach({ buckets: [a] }),
    reach({ buckets: [{ bucket: "lake/a", prefix: "" }] }),
    reach({ localRoots: ["lake/a/"] }),
    reach({ localRoots: ["a", "b"] }),
    reach({ databricks: [["a", "b"]] }),
    reach({ databricks: [["a"], ["b"]] }),
    reach({ athena: [{ database: "a", table: "b" }] }),
  ].map(reachKey);
  expect(new Set(keys).size).toBe(keys.length);
});

test("a key is inside both or not at all, however prefixes lie in each other", () => {
  const parts = ["a", "b", "ab", "", ".", "..", "a%2F", "A"];
  for (let seed = 0; seed < 2_000; seed++) {
    const { some, of, below } = choices(seed, 1);
    const name = () => some([...parts, ...parts], 0, 3).join("/");
    const prefixes = () =>
      Array.from({ length: 1 + below(3) }, () => ({
        bucket: of(["lake", "lake2"]),
        prefix: name() && `${name()}/`,
      }));
    const [ours, theirs] = [prefixes(), prefixes()];
    const both = createBoundaries(
      narrowSettings(lakeSettings({ buckets: ours }), reach({ buckets: theirs })),
    );
    const [one, other] = [ours, theirs].map((buckets) => createBoundaries({ buckets, localRoots: [] }));
    for (let times = 0; times < 20; times++) {
      const [at, key] = [of(["lake", "lake2"]), `${name()}${of(["", "/", "/x.csv"])}`];
      const isInside = one?.allowsKey(at, key) === true && other?.allowsKey(at, key) === true;
      expect([seed, at, key, both.allowsKey(at, key)]).toEqual([seed, at, key, isInside]);
      for (const prefix of both.prefixesBelow(at, key)) {
        expect(one?.allowsKey(at, prefix) || /(^|\/)\.{1,2}\//.test(prefix)).toBe(true);
        expect(other?.allowsKey(at, prefix) || /(^|\/)\.{1,2}\//.test(prefix)).toBe(true);
      }
    }
  }
});
