import { expect, test } from "vitest";
import { failureOf } from "./faults.ts";

test.each([
  "Invalid Error: BYTE_STREAM_SPLIT encoding is only supported for FLOAT or DOUBLE data",
  "Invalid Error: Out of buffer",
  "IO Error: Could not read enough bytes",
])("%s is a fault of the data, and costs no worker", (text) => {
  const failure = failureOf(1, { kind: "plan", sql: "SELECT 1" }, new Error(text));
  expect(failure).toMatchObject({ code: "unsupported", isSpent: false });
  expect(failure.message).toContain("The data cannot be read");
});
