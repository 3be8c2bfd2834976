import { expect, test } from "vitest";
import { checkText } from "./text-limits.ts";

const times = (text: string, chars: number) => text.repeat(Math.floor(chars / text.length));
const manyComments =
  /^The statement has \d+ times \/\* in one run of operators; 32 are allowed\. .*\(line \d+, column \d+\)\.$/;
const manySigns =
  /^The statement has \d+ signs \(\+ or -\) in a row; 64 are allowed\. .*\(line \d+, column \d+\)\.$/;

const sizes = [1_000, 4_000, 64_000, 200_000];

test.each([
  ...[
    "/*",
    "/**/",
    "/*/",
    "/*+",
    "/*-",
    "/*=",
    "/*<",
    "/*~",
    "/*!",
    "/*@",
    "/*^",
    "/*&",
    "/*|",
    "/*`",
    "/*%",
    "/*>",
  ],
  ...["+/**/", "*/*", "*//*"],
])("comments that begin one at the other, as in %s, are refused", (part) => {
  for (const size of sizes) {
    for (const sql of [times(part, size), `SELECT 1 ${times(part, size)}`, `SELECT '${times(part, size)}'`])
      expect(() => checkText(sql)).toThrow(manyComments);
  }
});

test.each(["+", "+-", "-+", "++-"])("signs one after the other, as in %s, are refused", (part) => {
  for (const size of sizes) {
    for (const sql of [
      `SELECT ${times(part, size)}1`,
      `SELECT 1 =${times(part, size)}1`,
      `SELECT 1 /* ${times(part, size)} */`,
    ])
      expect(() => checkText(sql)).toThrow(manySigns);
  }
});

test("says how many there are, where, and what to do", () => {
  expect(() => checkText(`SELECT\n  1 ${"+".repeat(65)}2`)).toThrow(
    "The statement has 65 signs (+ or -) in a row; 64 are allowed. Put fewer, or blanks between them (line 2, column 5).",
  );
  expect(() => checkText(`/* a */ ${"/**/".repeat(33)} SELECT 1`)).toThrow(
    "The statement has 33 times /* in one run of operators; 32 are allowed. Leave these comments out, or put a blank or a line end after each (line 1, column 9).",
  );
});

test.each([
  [
    "a list of 5,000 numbers",
    `SELECT 1 WHERE 1 IN (${Array.from({ length: 5_000 }, (_, at) => at).join(",")})`,
  ],
  [
    "a list of negative numbers",
    `SELECT 1 WHERE 1 IN (${Array.from({ length: 5_000 }, (_, at) => -at).join(",")})`,
  ],
  ["a long sum", `SELECT ${Array.from({ length: 900 }, () => "1").join("+")}`],
  ["rulers of comments", `-- ${"-".repeat(500)}\n/*${"*".repeat(500)}*/ SELECT 1 /*${"=".repeat(500)}*/`],
  ["many comments", `SELECT ${"/* a */ 1, ".repeat(5_000)} 1`],
  ["many empty comments", `SELECT ${"1/**/,".repeat(5_000)} 1`],
  ["comments in comments", `${"/* a ".repeat(500)}${"*/ ".repeat(500)}SELECT 1`],
  ["a pattern of folders", "SELECT * FROM 's3://lake/*/*/*/*/*/*/*/*/*/*/*/*.parquet'"],
  ["a drawn table", `SELECT '+${`${"-".repeat(60)}+`.repeat(20)}'`],
  ["signs with blanks", `SELECT ${"- ".repeat(500)}1`],
])("%s is let through", (_, sql) => {
  expect(() => checkText(sql)).not.toThrow();
});
