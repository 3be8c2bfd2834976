import { expect, test } from "vitest";
import { cpuMsOf } from "../../test/harness/cpu-time.ts";
import { JsonRefused, parseJson } from "./json.ts";

test.each([
  ["an object", '{"a":[1,{"b":"c"}],"d":null}'],
  ["a string with structure in it", '{"a":"{\\"a\\":1,\\"a\\":2}]}"}'],
  ["a string that ends with a backslash", '{"a":"\\\\","b":1}'],
  ["equal names in different objects", '[{"a":1},{"a":2},{"b":{"a":3}}]'],
  ["names that only look equal", '{"a":1,"A":2,"\\u00e4":3,"a\\u0308":4}'],
  ["64 levels", "[".repeat(64) + "]".repeat(64)],
  ["a bare number", "1"],
])("reads %s as JSON.parse does", (_what, text) => {
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test.each([
  ["a name given twice", '{"method":"a","params":{},"method":"b"}', 'names "method" twice'],
  ["a name given twice in different spelling", '{"id":1,"\\u0069d":2}', 'names "id" twice'],
  ["a name given twice further down", '{"a":[{"b":{"x":1,"y":[],"x":2}}]}', 'names "x" twice'],
  ["65 levels", "[".repeat(65) + "]".repeat(65), "deeper than 64"],
  ["a million open brackets", "[".repeat(1_000_000), "deeper than 64"],
  ["an unfinished text", '{"a":', "not valid JSON"],
  ["an unfinished string", '{"a', "not valid JSON"],
  ["an unfinished escape in a name", '{"\\u00', "not valid JSON"],
  ["nothing", "", "not valid JSON"],
  ["a trailing comma", '{"a":1,}', "not valid JSON"],
])("refuses %s", (_what, text, why) => {
  expect(() => parseJson(text)).toThrow(JsonRefused);
  expect(() => parseJson(text)).toThrow(why);
});

test("leaves prototypes alone", () => {
  const parsed = parseJson('{"__proto__":{"polluted":true},"constructor":1}');
  expect(Object.keys(Object(parsed))).toEqual(["__proto__", "constructor"]);
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

test("takes a megabyte of small objects in less than a second of the processor", async () => {
  const text = `[${Array(250_000).fill("{}").join(",")}]`;
  expect(await cpuMsOf(() => parseJson(text))).toBeLessThan(1_000);
});
