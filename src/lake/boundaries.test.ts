import { expect, test } from "vitest";
import { createBoundaries } from "./boundaries.ts";

const boundaries = createBoundaries({
  buckets: [
    { bucket: "whole", prefix: "" },
    { bucket: "part", prefix: "a/" },
    { bucket: "part", prefix: "data" },
    { bucket: "part", prefix: "deep/er/" },
  ],
  localRoots: [
    { name: "files", path: "/srv/files" },
    { name: "inner", path: "/srv/files/inner/" },
  ],
});

const denied = expect.objectContaining({ code: "denied" });

test.each([
  ["s3://whole/any/key"],
  ["s3://part/a/x"],
  ["s3://part/a/"],
  ["s3://part/data"],
  ["s3://part/data/x"],
  ["/srv/files/x.csv"],
  ["/srv/files"],
  ["file:///srv/files/x.csv"],
])("%s may be read", (uri) => {
  const location = boundaries.resolve(uri);
  expect(() => boundaries.checkReadable(location)).not.toThrow();
});

test.each([
  ["s3://other/key"],
  ["s3://part/ab/x"],
  ["s3://part/data-evil"],
  ["s3://part/database/x"],
  ["s3://part/A/x"],
  ["s3://part/a/../secret/x"],
  ["s3://part/a/./../secret"],
  ["/srv/files-evil/x"],
  ["/srv"],
  ["/"],
  ["/etc/passwd"],
  ["/srv/files/../other"],
  ["/srv/files/a/../b"],
  ["file:///srv/files/%2e%2e/other"],
  ["file:///srv/files/.%2E/files/x"],
])("%s is outside", (uri) => {
  expect(() => boundaries.resolve(uri)).toThrow(denied);
});

test("a prefix above the allowed ones may be named, and not read", () => {
  for (const uri of ["s3://part", "s3://part/", "s3://part/de"]) {
    const location = boundaries.resolve(uri);
    expect(() => boundaries.checkReadable(location)).toThrow(denied);
  }
  expect(boundaries.prefixesBelow("part", "")).toEqual(["a/", "data", "deep/er/"]);
  expect(boundaries.prefixesBelow("part", "deep/")).toEqual(["deep/er/"]);
});

test("an allowed prefix inside another is not named twice", () => {
  const nested = createBoundaries({
    buckets: ["a/b/", "a/", "a", "a-b"].map((prefix) => ({ bucket: "nest", prefix })),
    localRoots: [],
  });
  expect(nested.prefixesBelow("nest", "")).toEqual(["a", "a-b"]);
});

test("a path belongs to the innermost root", () => {
  expect(boundaries.locate("/srv/files/inner/x/y")).toEqual({
    root: { name: "inner", path: "/srv/files/inner/" },
    segments: ["x", "y"],
  });
  expect(boundaries.locate("/srv//files/./x").segments).toEqual(["x"]);
});

test("the refusal is the same for every path, and says where to look", () => {
  const messageOf = (uri: string) => {
    try {
      boundaries.resolve(uri);
    } catch (thrown) {
      return String(thrown).replace(JSON.stringify(uri), "X");
    }
  };
  expect(messageOf("/etc/passwd")).toBe(messageOf("/etc/nothing"));
  expect(messageOf("/etc/passwd")).toMatch(/lake_list_sources/);
});

test("with nothing configured, nothing may be read", () => {
  const none = createBoundaries({ buckets: [], localRoots: [] });
  for (const uri of ["s3://whole/key", "s3://whole", "/srv/files/x"])
    expect(() => none.resolve(uri)).toThrow(denied);
});
