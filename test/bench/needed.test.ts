import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LakeData } from "../../bench/lake/data.ts";
import { neededBytes } from "../../bench/lake/needed.ts";
import { parquetOf } from "../harness/parquet.ts";

let folder: string;
let sizeBytes: number;
let footerBytes: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-needed-"));
  const file = await parquetOf("SELECT i AS a, hash(i)::VARCHAR AS b FROM range(5000) t(i)");
  sizeBytes = file.length;
  footerBytes = Buffer.from(file).readUInt32LE(file.length - 8) + 8;
  await writeFile(join(folder, "lineitem.parquet"), file);
});
afterAll(() => rm(folder, { recursive: true }));

function ask(touched: Parameters<typeof neededBytes>[1], answerRows: number[] = []) {
  const data: LakeData = { rows: 5_000, folder, sizeBytes: { parquet: sizeBytes, csv: 77 }, deltaFiles: [] };
  return neededBytes("parquet", touched, { data, files: ["lineitem.parquet"], answerRows });
}

test("no column needs the footer alone, all need all but the magic number at the start", async () => {
  expect(await ask({ columns: [] })).toBe(footerBytes);
  expect(await ask({ columns: "all" })).toBe(sizeBytes - 4);
  const [a, b] = [await ask({ columns: ["a"] }), await ask({ columns: ["b"] })];
  expect((a ?? 0) + (b ?? 0) - footerBytes).toBe(sizeBytes - 4);
});

test("row groups count that can hold an answer, or do", async () => {
  const between = (low: number, high: number) =>
    ask({ columns: "all", rowGroups: { kind: "between", column: "a", low, high } });
  expect(await between(4_999, 9_999)).toBe(sizeBytes - 4);
  expect(await between(5_000, 9_999)).toBe(footerBytes);
  const answers = { columns: ["a"], rowGroups: { kind: "answers" as const, sql: "" } };
  expect(await ask(answers, [17])).toBe(sizeBytes - 4);
  expect(await ask(answers, [5_000])).toBe(await ask({ columns: ["a"] }));
});
