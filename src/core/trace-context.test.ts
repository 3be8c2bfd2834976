import { expect, test } from "vitest";
import { readTraceparent } from "./trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parent = "00f067aa0ba902b7";

test.each([
  `00-${traceId}-${parent}-01`,
  `00-${traceId}-${parent}-00`,
  `cc-${traceId}-${parent}-01-what-will-be`,
])("%s names its trace and span", (given) =>
  expect(readTraceparent(given)).toEqual({ traceId, parentId: parent }),
);

test.each([
  ["nothing", undefined],
  ["a number", 7],
  ["an object", { traceId }],
  ["version ff", `ff-${traceId}-${parent}-01`],
  ["more behind version 00", `00-${traceId}-${parent}-01-x`],
  ["a trace of zeros", `00-${"0".repeat(32)}-${parent}-01`],
  ["a parent of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
  ["capitals", `00-${traceId.toUpperCase()}-${parent}-01`],
  ["a line end", `00-${traceId}-${parent}-01\n`],
  ["a line end within", `00-${traceId}\r\n-${parent}-01`],
  ["too little", `00-${traceId}`],
  ["megabytes", `cc-${traceId}-${parent}-01-${"x".repeat(1_000_000)}`],
])("%s names none", (_what, given) => {
  expect(readTraceparent(given)).toBeUndefined();
});
