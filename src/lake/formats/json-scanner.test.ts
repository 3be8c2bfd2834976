import { describe, expect, test } from "vitest";
import { incomplete, JsonScanner, refused } from "./json-scanner.ts";

function scan(text: string, isFinal = true, maxDepth = 100) {
  const scanner = new JsonScanner(maxDepth);
  const bytes = Buffer.from(text);
  const end = scanner.scan(bytes, 0, bytes.length, isFinal);
  return { end, fault: scanner.fault, wide: scanner.wideNumbers, spansLines: scanner.spansLines };
}

describe("JsonScanner", () => {
  test.each([
    '{"a":1,"b":[true,false,null,{}],"c":{"d":"é😀\\n\\u00e9\\ud83d\\ude00"}}',
    "[]",
    "{}",
    "[[],[[]]]",
    '""',
    "0",
    "-0.5e+10",
    "null",
    '{"":{"":1}}',
    '{"a":{"a":1},"b":{"a":2}}',
    "[1,\n 2]",
  ])("takes %s whole", (text) => {
    expect(scan(text)).toMatchObject({ end: Buffer.byteLength(text), fault: undefined, wide: [] });
    for (let cut = 1; cut < Buffer.byteLength(text); cut += 1) {
      const bytes = Buffer.from(text).subarray(0, cut);
      expect(new JsonScanner(100).scan(bytes, 0, cut, false)).toBe(incomplete);
    }
  });

  test.each([
    ["{'a':1}", 1, "expected a key in double quotes"],
    ['{"a" 1}', 5, "expected `:`"],
    ['{"a":1,}', 7, "expected a key in double quotes"],
    ["[1,]", 3, "expected a value"],
    ["[1 2]", 3, "expected `,` or `]`"],
    ['{"a":1]', 6, "expected `,` or `}`"],
    ['"a\nb"', 2, "control character"],
    ['"\\x"', 2, "expected an escape"],
    ['"\\u12g4"', 3, "four hex digits"],
    ["01", 0, "malformed number"],
    ["1.", 0, "malformed number"],
    ["-", 0, "malformed number"],
    ["1e", 0, "malformed number"],
    ["1e+", 0, "malformed number"],
    ["--1", 0, "malformed number"],
    ["1.2.3", 0, "malformed number"],
    ["NaN", 0, "expected a value"],
    ["tru1", 0, "expected a value"],
    ["\u00a01", 0, "expected a value"],
  ])("refuses %j at byte %i", (text, at, reason) => {
    expect(scan(text)).toMatchObject({
      end: refused,
      fault: { kind: "syntax", at, reason: expect.stringContaining(reason) },
    });
  });

  test.each(['"\\ud800"', '"\\udc00"', '"\\ud800\\u0041"', '"\\ud800x"', '{"\\udfff":1}'])(
    "refuses the lone surrogate in %s",
    (text) => {
      expect(scan(text)).toMatchObject({ end: refused, fault: { kind: "lone_surrogate" } });
    },
  );

  test.each([
    ['{"a":1,"a":2}', '"a"'],
    ['{"a":1,"\\u0061":2}', '"a"'],
    ['{"\\u0061":1,"a":2}', '"a"'],
    ['[{"x":{"k":1,"k":1}}]', '"k"'],
    ['{"__proto__":1,"__proto__":2}', '"__proto__"'],
    [`{${Array.from({ length: 50 }, (_, index) => `"k${index}":0`)},"k7":1}`, '"k7"'],
    [`{${Array.from({ length: 50 }, (_, index) => `"k${index}":0`)},"k49":1}`, '"k49"'],
  ])("finds the twin key in %.30s", (text, key) => {
    expect(scan(text)).toMatchObject({
      end: refused,
      fault: { kind: "duplicate_key", reason: expect.stringContaining(key) },
    });
  });

  test("takes many different keys, and keys that hash alike", () => {
    const many = `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":0`)}}`;
    expect(scan(many).end).toBe(many.length);
    // FNV-1a of these is the same.
    expect(scan('{"costarring":1,"liquid":2,"declinate":3,"macallums":4}').fault).toBeUndefined();
  });

  test.each([
    "9223372036854775808e1",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "0.123456789012345678",
    "1e400",
    "-1e400",
    "1e-400",
    "123456789012345678.5",
    "4.9e-324",
  ])("marks %s as too wide", (number) => {
    expect(scan(`[${number}]`).wide).toEqual([1, 1 + number.length]);
  });

  test.each([
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "0.1",
    "1e308",
    "0.10000000000000000000",
    "12345678901234567",
    "0.00000000000000000012",
    "0e999",
    "-0.0",
  ])("keeps %s as a number", (number) => {
    expect(scan(number).wide).toEqual([]);
  });

  test("refuses nesting past the bound, and never runs out of stack", () => {
    expect(scan("[".repeat(100) + "]".repeat(100)).end).toBe(200);
    expect(scan("[".repeat(101) + "]".repeat(101)).fault).toMatchObject({ kind: "depth", at: 100 });
    expect(scan('{"a":'.repeat(2000)).fault).toMatchObject({ kind: "depth" });
    expect(scan("[".repeat(1e6) + "]".repeat(1e6), true, 1e6).end).toBe(2e6);
  });

  test("says whether tokens lie on several lines", () => {
    expect(scan('{"a": 1}').spansLines).toBe(false);
    expect(scan('{"a":\n 1}').spansLines).toBe(true);
  });
});
