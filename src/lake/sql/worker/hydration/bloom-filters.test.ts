import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parquetOf } from "../../../../../test/harness/parquet.ts";
import { literal } from "../quoting.ts";
import { areWhole, isWorthAsking, type Question, singleValue, withoutExcluded } from "./bloom-filters.ts";
import { partsOf } from "./chunks.ts";

let folder: string;
let path: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-bloom-"));
  path = join(folder, "a.parquet");
  const rows =
    "SELECT left(md5((i // 8)::VARCHAR), i // 8 % 40) || repeat('ü', i // 8 % 7) AS text, (i // 8 * 7919 % 100003)::INTEGER AS small, " +
    "i // 8 * 7919 % 100003 - 5000000000 AS large FROM range(40960) t(i)";
  await writeFile(path, await parquetOf(rows, "ROW_GROUP_SIZE 4096, COMPRESSION zstd"));
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
});
afterAll(async () => {
  connection.closeSync();
  instance.closeSync();
  await rm(folder, { recursive: true });
});

const types = { text: "VARCHAR", small: "INTEGER", large: "BIGINT" } as const;
type Name = keyof typeof types;

async function asked(name: Name, filter: string) {
  const request = { files: new Map([[path, 0]]), columns: [name], condition: undefined };
  const { chunks, blooms } = await partsOf(connection, request, [{ columns: [name], condition: undefined }]);
  const value = singleValue(filter, { name, type: types[name] });
  const questions: Question[] = blooms.map((bloom) => ({ bloom, values: value ? [value] : [] }));
  return { chunks, questions };
}

const groupsOf = (chunks: readonly { rowGroup: number }[]) => chunks.map(({ rowGroup }) => rowGroup);

describe("Row groups are excluded as the engine excludes them", () => {
  test.each(["text", "small", "large"] as const)("by a %s value", async (name) => {
    const values = await connection.runAndReadAll(
      `SELECT DISTINCT ${name} AS value FROM '${path}' WHERE hash(${name}) % 40 = 0 ORDER BY value`,
    );
    expect(values.currentRowCount).toBeGreaterThan(20);
    let excluded = 0;
    for (const [value] of values.getRows()) {
      const shown = name === "text" ? literal(String(value)) : String(value);
      const { chunks, questions } = await asked(name, `${name}=${shown}`);
      const left = groupsOf(withoutExcluded(chunks, questions, new Map([[0, path]])));
      const engine = await connection.runAndReadAll(
        `SELECT row_group_id FROM parquet_bloom_probe('${path}', '${name}', ${shown}) WHERE NOT bloom_filter_excludes ORDER BY 1`,
      );
      expect(left).toEqual(engine.getRows().map(([group]) => Number(group)));
      excluded += chunks.length - left.length;
    }
    expect(excluded).toBeGreaterThan(100);
  });
});

test("what was not fetched, or is no bloom filter, excludes nothing", async () => {
  const { chunks, questions } = await asked("text", "text='nowhere'");
  expect(withoutExcluded(chunks, questions, new Map([[0, path]]))).toEqual([]);
  const holes = join(folder, "holes.parquet");
  const file = await open(holes, "w");
  await file.truncate(10_000_000);
  await file.close();
  expect(withoutExcluded(chunks, questions, new Map([[0, holes]]))).toEqual(chunks);
  const unsaid = questions.map((question) => ({
    ...question,
    bloom: { ...question.bloom, sizeBytes: undefined },
  }));
  expect(withoutExcluded(chunks, unsaid, new Map([[0, path]]))).toEqual(chunks);
});

test("few bytes, or one row group, are not worth a request", async () => {
  const { chunks, questions } = await asked("text", "text='nowhere'");
  const large = chunks.map((chunk) => ({ ...chunk, end: chunk.start + (2 << 20) }));
  expect(isWorthAsking(large, questions)).toBe(true);
  expect(isWorthAsking(chunks, questions)).toBe(false);
  expect(isWorthAsking(large.slice(0, 1), questions)).toBe(false);
  expect(isWorthAsking(large, [])).toBe(false);
  expect(isWorthAsking(large, (await asked("text", "text IN ('a')")).questions)).toBe(false);
});

test.each([
  ["VARCHAR", "a=5"],
  ["VARCHAR", "a='x' AND a<>'y'"],
  ["VARCHAR", "a='x"],
  ["VARCHAR", "b='x'"],
  ["VARCHAR", "optional: a='x'"],
  ["VARCHAR", "a IN ('x', 'y')"],
  ["INTEGER", "a=2147483648"],
  ["INTEGER", "a='5'"],
  ["BIGINT", "a=9223372036854775808"],
  ["BIGINT", "a=1.0"],
  ["DOUBLE", "a=1"],
  ["DATE", "a='2020-01-01'::DATE"],
])("of a %s nothing certain is known by %s", (type, filter) => {
  expect(singleValue(filter, { name: "a", type })).toBeUndefined();
});

test("a text that the plan broke at its line ends is noticed", () => {
  expect(areWhole(["a='x", "b=5", "y'"])).toBe(false);
  expect(areWhole(["a='it''s'", "b=5"])).toBe(true);
});
