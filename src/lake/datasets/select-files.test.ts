import { expect, test } from "vitest";
import type { StoredObject } from "../stores/store.ts";
import { selectDataFiles } from "./select-files.ts";

function objects(...keys: string[]): StoredObject[] {
  return keys.map((key) => ({
    uri: `s3://b/${key}`,
    location: { kind: "s3", bucket: "b", key },
    sizeBytes: key.includes("empty") ? 0 : 10,
    etag: '"1"',
    lastModified: new Date(0),
  }));
}

const select = (...keys: string[]) => selectDataFiles("s3://b/t/", "t/", objects(...keys), () => true);
const keysOf = (files: StoredObject[]) => files.map(({ uri }) => uri.slice("s3://b/t/".length));

test("files come in the order of their names", () => {
  expect(keysOf(select("t/b", "t/a/z", "t/B", "t/a.csv").files)).toEqual(["B", "a.csv", "a/z", "b"]);
});

test("folder marks, hidden and empty files are left out and said", () => {
  const { files, notes } = select(
    "t/",
    "t/_SUCCESS",
    "t/_temporary/x",
    "t/.crc",
    "t/x.empty",
    "t/_day=1/a",
    "t/a",
  );
  expect(keysOf(files)).toEqual(["_day=1/a", "a"]);
  expect(notes).toEqual([
    "Hidden files not read: 3 (_SUCCESS, _temporary/x, .crc).",
    "Empty files not read: 1.",
  ]);
});

test("more files than a dataset may have are refused", () => {
  const keys = Array.from({ length: 10_001 }, (_, n) => `t/${n}`);
  expect(() => select(...keys)).toThrow("names 10001 files; 10000 are allowed");
  expect(select(...keys.slice(1)).files).toHaveLength(10_000);
});
