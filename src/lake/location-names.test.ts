import { expect, test } from "vitest";
import { ToolError } from "../core/errors.ts";
import { formatLocation, parseLocation, quoteName } from "./location-names.ts";

test("an S3 key is taken exactly", () => {
  for (const key of [
    "a/b.csv",
    "/",
    "//",
    "a/",
    "a%20b",
    "a+b",
    "a?b#c",
    "😀",
    "a\nb",
    "a//./b",
    "a/../b",
    "",
  ]) {
    expect(parseLocation(`s3://my-bucket/${key}`)).toEqual({ kind: "s3", bucket: "my-bucket", key });
  }
  expect(parseLocation("s3://my-bucket")).toEqual({ kind: "s3", bucket: "my-bucket", key: "" });
});

test("local paths are absolute, or file URLs with percent signs decoded", () => {
  expect(parseLocation("/data/a b.csv")).toEqual({ kind: "local", path: "/data/a b.csv" });
  expect(parseLocation("file:///data/a%20b%23.csv")).toEqual({ kind: "local", path: "/data/a b#.csv" });
  expect(parseLocation("file://localhost/data/a.csv")).toEqual({ kind: "local", path: "/data/a.csv" });
});

test.each([
  ["//data///a.csv", "/data/a.csv"],
  ["/data/./x/.", "/data/x/"],
  ["/data/x//", "/data/x/"],
  ["/", "/"],
  ["/data/../x", "/data/../x"],
])("the local path %j is %j", (uri, path) => {
  expect(parseLocation(uri)).toEqual({ kind: "local", path });
});

test.each([
  ["data.csv", /Give s3:\/\/bucket\/key/],
  ["", /Give s3:/],
  ["https://example.com/x", /Give s3:/],
  ["S3://bucket/key", /Give s3:/],
  ["s3://", /no bucket can be called/],
  ["s3://UPPER/key", /lower-case/],
  ["s3://a_b/key", /lower-case/],
  ["s3://ab/key", /3 to 63/],
  ["s3://10.0.0.1/key", /no bucket can be called/],
  ["s3://a..b/key", /no bucket can be called/],
  ["s3://arn:aws:s3:::bucket/key", /ARN/],
  ["s3://bucket/a\0b", /NUL/],
  ["s3://bucket/\ud800", /Unicode/],
  ["s3://bucket/../x", /climbs above/],
  ["s3://bucket/a/../../x", /climbs above/],
  ["file://host/share/x", /file:\/\/\/absolute\/path/],
  ["file:///a?b", /%3F/],
  ["file:///a%2fb", /encoded slash/],
  ["file:///a%00b", /NUL/],
  ["file:///a%zz", /%25/],
  [`/${"x".repeat(5000)}`, /5001 bytes/],
])("%j is refused with what to do", (uri, message) => {
  expect(() => parseLocation(uri)).toThrow(
    expect.objectContaining({ code: "invalid_input", message: expect.stringMatching(message) }),
  );
});

test("a key may have 1,024 bytes of UTF-8 and not one more", () => {
  const longest = "é".repeat(512);
  expect(parseLocation(`s3://bucket/${longest}`)).toMatchObject({ key: longest });
  expect(() => parseLocation(`s3://bucket/${longest}x`)).toThrow(/1025 bytes/);
});

test("a name in a message is quoted, escaped and short", () => {
  expect(quoteName("a\n\u202eb")).toBe('"a\\n\\u202eb"');
  expect(quoteName("x".repeat(500)).length).toBeLessThan(210);
  const thrown = new ToolError("invalid_input", quoteName("\u001b[31m"));
  expect(thrown.message).toBe('"\\u001b[31m"');
});

test("a location is formatted as it is parsed", () => {
  for (const uri of ["s3://my-bucket/a b/😀", "/data/x.csv"])
    expect(formatLocation(parseLocation(uri))).toBe(uri);
});
