import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ToolError } from "../../core/errors.ts";
import type { ObjectCache } from "../cache/cache.ts";
import { createPins } from "./pins.ts";
import type { PlainFile } from "./plain-table.ts";
import { sampleText } from "./sample-text.ts";

const dir = mkdtempSync(join(tmpdir(), "sluice-sample-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const scan = {
  format: "csv" as const,
  files: [],
  partitionColumns: [],
  columns: [{ name: "id", type: "BIGINT" }],
  dialect: { separator: ",", quote: '"', escape: '"', hasHeader: true, skipLines: 0 },
};

function plainFile(text: string, hasHeader: boolean): PlainFile {
  const path = join(dir, "whole.csv");
  writeFileSync(path, text);
  const sizeBytes = Buffer.byteLength(text);
  const object = { uri: "s3://b/whole.csv", sizeBytes };
  const longestRecordBytes = text
    .split("\n")
    .reduce((longest, { length }) => Math.max(longest, length + 1), 0);
  return {
    file: { object, partition: { year: "2025" } },
    raw: { path, sizeBytes },
    inspected: { rowCount: 0, types: [], prepared: { hasHeader, longestRecordBytes } },
  } as unknown as PlainFile;
}

/** Makes what is derived anew each time, in place of the cache. */
const derived: ObjectCache["derived"] = async (_object, _key, derive) => {
  const path = join(dir, "sample.csv");
  const facts = await derive(path, new AbortController().signal);
  return { path, facts, release: () => {} } as unknown as Awaited<ReturnType<ObjectCache["derived"]>>;
};

async function sampleOf(text: string, share: number, hasHeader = true): Promise<string> {
  const scope = {} as Parameters<typeof sampleText>[5];
  const found = await sampleText({ derived }, scan, [plainFile(text, hasHeader)], share, createPins(), scope);
  expect(found?.files).toMatchObject([{ uri: "s3://b/whole.csv", partition: { year: "2025" } }]);
  return readFileSync(found?.files[0]?.path ?? "", "utf8");
}

const lines = Array.from({ length: 200_000 }, (_, id) => `${id},${"x".repeat(20 + (id % 40))}\n`);

test("a sample is whole lines, each once, from all over the file, behind its header", async () => {
  const text = await sampleOf(`id,word\n${lines.join("")}`, 0.2);
  const [header, ...sampled] = text.split(/(?<=\n)/);
  expect(header).toBe("id,word\n");
  const ids = sampled.map((line) => Number(line.split(",")[0]));
  expect(sampled.every((line, at) => line === lines[ids[at] ?? -1])).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length / lines.length).toBeGreaterThan(0.1);
  expect(ids.length / lines.length).toBeLessThan(0.3);
  expect(ids[0]).toBe(0);
  expect(ids.some((id) => id > 150_000)).toBe(true);
});

test("a file without a header gives its first line as a row", async () => {
  const text = await sampleOf(lines.join(""), 0.05, false);
  expect(text.startsWith(lines[0] ?? "")).toBe(true);
  expect(text.endsWith("\n")).toBe(true);
});

test("long lines are taken whole, and a last line without an end is left out", async () => {
  const long = Array.from({ length: 20 }, (_, id) => `${id},${"y".repeat(400_000)}\n`);
  const text = await sampleOf(`id,word\n${long.join("")}99,z`, 1);
  const [header, ...sampled] = text.split(/(?<=\n)/);
  expect(header).toBe("id,word\n");
  expect(sampled.length).toBeGreaterThan(4);
  expect(sampled.every((line) => long.includes(line))).toBe(true);
});

test("where the cache has no room there is no sample, and other faults are told", async () => {
  const fail = (code: "too_large" | "changed") =>
    sampleText(
      { derived: () => Promise.reject(new ToolError(code, "No.")) },
      scan,
      [plainFile("id\n1\n", true)],
      0.5,
      createPins(),
      {} as Parameters<typeof sampleText>[5],
    );
  expect(await fail("too_large")).toBeUndefined();
  await expect(fail("changed")).rejects.toMatchObject({ code: "changed" });
});
