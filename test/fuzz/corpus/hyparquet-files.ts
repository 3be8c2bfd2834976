import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { type Choices, choices } from "../random.ts";
import { type CorpusDataset, oneFile } from "./dataset.ts";

type Options = Omit<Parameters<typeof parquetWriteBuffer>[0], "columnData">;

const compressors = {
  GZIP: (bytes: Uint8Array) => gzipSync(bytes),
  BROTLI: (bytes: Uint8Array) => brotliCompressSync(bytes),
};

/** What this writer can that others cannot: small row groups and pages, no statistics, statistics cut to a few bytes. */
const files: readonly { name: string; rows: number; options: Options; each?: Partial<ColumnSource> }[] = [
  { name: "hy_small_groups", rows: 3_000, options: { rowGroupSize: 100, codec: "UNCOMPRESSED" } },
  {
    name: "hy_short_statistics",
    rows: 2_000,
    options: { rowGroupSize: 250, statisticsTruncateLength: 4, codec: "SNAPPY" },
  },
  {
    name: "hy_no_statistics",
    rows: 2_000,
    options: { rowGroupSize: 500, statistics: false, codec: "GZIP", compressors },
  },
  {
    name: "hy_indexed",
    rows: 3_000,
    options: { rowGroupSize: 1_000, pageSize: 2_000, codec: "BROTLI", compressors },
    each: { columnIndex: true, offsetIndex: true, bloomFilter: true },
  },
  {
    name: "hy_no_dictionary",
    rows: 2_000,
    options: { rowGroupSize: [10, 700], dictionarySize: 0, pageSize: 500, codec: "SNAPPY" },
  },
];

/** Files of hyparquet-writer. */
export function hyparquetFiles(place: string, salt: number): CorpusDataset[] {
  return files.map(({ name, rows, options, each = {} }, index) => {
    const columnData = columnsOf(rows, choices(salt, 7, index)).map((column) => ({ ...column, ...each }));
    const path = join(place, `${name}.parquet`);
    writeFileSync(path, Buffer.from(parquetWriteBuffer({ columnData, ...options })));
    return oneFile(name, path);
  });
}

function columnsOf(rows: number, random: Choices): ColumnSource[] {
  const make = <T>(value: (row: number) => T, nullPercent = 10): (T | null)[] =>
    Array.from({ length: rows }, (_, row) => (random.chance(nullPercent) ? null : value(row)));
  const words = ["", "alpha", "alphabet", "beta", "gämma", "δ", "omega omega omega"];
  return [
    { name: "id", type: "INT32", data: Array.from({ length: rows }, (_, row) => row), nullable: false },
    { name: "k", type: "INT32", data: make(() => random.below(30) - 5) },
    { name: "big", type: "INT64", data: make((row) => BigInt(row % 1_000) * 9_007_199_254_740_993n) },
    {
      name: "f",
      type: "DOUBLE",
      data: make(() => random.of([Number.NaN, -0, 0, Infinity, -Infinity, 1.5, random.below(100)])),
    },
    { name: "r", type: "FLOAT", data: make(() => random.below(400) / 4) },
    { name: "half", type: "FLOAT16", data: make(() => random.of([0.5, -0, Number.NaN, random.below(100)])) },
    { name: "s", type: "STRING", data: make(() => random.of(words)) },
    {
      name: "t",
      type: "STRING",
      data: make((row) => `shared beginning ${row % 10} and then ${random.below(1e9)}`, 0),
    },
    { name: "b", type: "BOOLEAN", data: make(() => random.chance(50)) },
    { name: "at", type: "TIMESTAMP", data: make((row) => new Date(1_700_000_000_000 + row * 61_000)) },
    { name: "doc", type: "JSON", data: make((row) => ({ n: row, list: [1, 2, 3] })) },
    {
      name: "uid",
      type: "UUID",
      data: make(() => `00000000-0000-4000-8000-${String(random.below(1e9)).padStart(12, "0")}`),
    },
    { name: "bytes", type: "BYTE_ARRAY", data: make(() => Uint8Array.from([255, random.below(256), 0])) },
    { name: "nothing", type: "INT32", data: make(() => 1, 100) },
  ];
}
