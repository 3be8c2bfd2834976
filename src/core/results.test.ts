import { expect, test } from "vitest";
import { z } from "zod";
import { ToolError } from "./errors.ts";
import { decodeCursor, encodeCursor, fillPage, jsonSizeBytes, requestCursors } from "./results.ts";

test("a page ends at the row bound or the byte bound, whichever is first", () => {
  const items = ["aaaa", "bbbb", "cccc", "dddd"];
  expect(fillPage(items, 2, 1_000)).toEqual({ items: ["aaaa", "bbbb"], more: true });
  expect(fillPage(items, 10, 23)).toEqual({ items: ["aaaa", "bbbb", "cccc"], more: true });
  expect(fillPage(items, 4, 1_000)).toEqual({ items, more: false });
  expect(fillPage([], 4, 1_000)).toEqual({ items: [], more: false });
});

test("a page never takes more bytes than its bound, multi-byte characters counted", () => {
  const items = Array.from({ length: 200 }, (_, index) => ({ name: "é".repeat(index % 40) }));
  for (const maxBytes of [100, 333, 1_000, 4_096]) {
    expect(jsonSizeBytes(fillPage(items, 1_000, maxBytes).items)).toBeLessThanOrEqual(maxBytes);
  }
});

test("an item that fits no page is refused by name of its size, not dropped", () => {
  expect(() => fillPage(["x".repeat(50)], 10, 20)).toThrow(ToolError);
});

test("a cursor comes back as it was given out; a forged one is refused", () => {
  const schema = z.strictObject({ after: z.string() });
  expect(decodeCursor(encodeCursor({ after: "k/é" }), schema)).toEqual({ after: "k/é" });
  for (const forged of ["", "%%%", "bm90IGpzb24", encodeCursor({ after: 7 }), encodeCursor({ other: "x" })]) {
    expect(() => decodeCursor(forged, schema)).toThrow(/not one this tool gave out/);
  }
});

test("a cursor is good only with the request it was given out to", () => {
  const place = { offset: z.int() };
  const cursor = requestCursors(["orders", 1], place).encode({ offset: 7 });
  expect(requestCursors(["orders", 1], place).decode(cursor)).toEqual({ offset: 7 });
  expect(() => requestCursors(["orders", 2], place).decode(cursor)).toThrow(/belongs to other arguments/);
  expect(() => requestCursors(["orders", 2], place, "Not this one.").decode(cursor)).toThrow("Not this one.");
  expect(() => requestCursors(["orders", 1], { other: z.int() }).decode(cursor)).toThrow(/not one this tool/);
});
