import { expect, test } from "vitest";
import { escapeCharacters } from "./escape.ts";

test.each([
  ["a control character", "a\x1bb", "a\\u001bb"],
  ["a direction mark", "a\u202eb", "a\\u202eb"],
  ["a format character above U+FFFF", "a\u{e0041}b", "a\\udb40\\udc41b"],
])("%s can be read back by JSON", (_what, text, escaped) => {
  expect(escapeCharacters(text, /[\p{Cc}\p{Cf}]/gu)).toBe(escaped);
  expect(JSON.parse(`"${escaped}"`)).toBe(text);
});

test("a shorter escape is taken where one is given", () => {
  expect(escapeCharacters("a\nb\0", /\p{Cc}/gu, { "\n": "\\n" })).toBe("a\\nb\\u0000");
});
