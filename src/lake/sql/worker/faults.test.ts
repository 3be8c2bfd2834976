import { expect, test } from "vitest";
import { workerTemp } from "../protocol.ts";
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

const file = { path: "/tmp/calls/1/0.parquet", uri: "s3://lake/a.parquet", partition: {} };
const scan = { format: "parquet" as const, files: [file], partitionColumns: [] };
const job = {
  kind: "run",
  sql: "SELECT 1",
  tables: [{ names: ["t"], scan }],
  folder: "/tmp/calls/1",
} as never;

test.each([
  ["Invalid Error: BYTE_STREAM_SPLIT encoding is only supported for FLOAT or DOUBLE data", "unsupported"],
  [`Invalid Input Error: Failed to read file "${file.path}": Unsupported page encoding`, "unsupported"],
  ["Invalid Error: something nobody has thought of", "unsupported"],
  ["Invalid Error: don't know what type: ", "invalid_input"],
  [`Invalid Input Error: Failed to read file "${file.path}": Snappy decompression failure`, "invalid_input"],
])("%s is told of the Parquet file there is, with what to do", (text, code) => {
  const failure = failureOf(1, job, new Error(text));
  expect(failure).toMatchObject({ code, details: { uri: file.uri }, isSpent: false });
  expect(failure.message).toContain('"s3://lake/a.parquet"');
  expect(failure.message).toMatch(/Write it anew/);
  expect(failure.message).not.toMatch(/Error:|Failed to read|\/tmp/);
});

test("a fault of the statement stays one though it reads Parquet", () => {
  const failure = failureOf(1, job, new Error("Invalid Input Error: Page number must be positive"));
  expect(failure.details).toEqual({});
});

test("a full disk is told as such, whatever file the engine wrote", () => {
  const text = `IO Error: Could not write file "/tmp/calls/1/temp/x.tmp": No space left on device`;
  const failure = failureOf(1, job, new Error(text));
  expect(failure).toMatchObject({
    code: "unavailable",
    details: { setting: "lake.cache.dir" },
    isSpent: false,
  });
  expect(failure.message).not.toContain("/tmp");
});

test("such words in a statement or its data are not taken for a full disk", () => {
  const text = `Binder Error: Referenced column "mesage" not found\n\nLINE 1: SELECT mesage FROM t WHERE a = ': No space left on device'`;
  expect(failureOf(1, job, new Error(text))).toMatchObject({ code: "invalid_input" });
  const cast = `Conversion Error: Could not convert string 'IO Error: x: No space left on device' to INT32`;
  expect(failureOf(1, job, new Error(cast))).toMatchObject({ code: "invalid_input" });
});

test("where a database that is kept spills to is not told", () => {
  const spilled = `${workerTemp(process.cwd(), process.pid)}/3/duckdb_temp_storage-0.tmp`;
  const failure = failureOf(1, job, new Error(`IO Error: Cannot open file "${spilled}": Permission denied`));
  expect(failure.message).toContain("…/3/");
  expect(failure.message).not.toContain(process.cwd());
});
