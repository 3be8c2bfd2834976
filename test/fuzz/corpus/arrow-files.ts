import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import { choices } from "../random.ts";
import { type CorpusDataset, oneFile } from "./dataset.ts";

const wasm = createRequire(import.meta.url)("parquet-wasm/node") as typeof import("parquet-wasm/node");
type Builder = InstanceType<typeof wasm.WriterPropertiesBuilder>;

/** What the writer of arrow-rs can: page indexes, v2 pages with delta encodings, byte stream split. */
const files: readonly { name: string; rows: number; set(builder: Builder): Builder }[] = [
  {
    name: "arrow_v2_zstd",
    rows: 4_000,
    set: (builder) =>
      builder
        .setWriterVersion(wasm.WriterVersion.V2)
        .setCompression(wasm.Compression.ZSTD)
        .setMaxRowGroupSize(700),
  },
  {
    name: "arrow_pages",
    rows: 4_000,
    set: (builder) =>
      builder
        .setStatisticsEnabled(wasm.EnabledStatistics.Page)
        .setDataPageSizeLimit(1_000)
        .setWriteBatchSize(64)
        .setCompression(wasm.Compression.UNCOMPRESSED)
        .setMaxRowGroupSize(1_500),
  },
  {
    name: "arrow_brotli",
    rows: 2_000,
    set: (builder) =>
      builder
        .setStatisticsEnabled(wasm.EnabledStatistics.None)
        .setCompression(wasm.Compression.BROTLI)
        .setMaxRowGroupSize(500),
  },
  {
    name: "arrow_lz4",
    rows: 2_000,
    set: (builder) =>
      builder
        .setWriterVersion(wasm.WriterVersion.V2)
        .setDictionaryEnabled(false)
        .setColumnEncoding("d", wasm.Encoding.BYTE_STREAM_SPLIT)
        .setColumnEncoding("t", wasm.Encoding.DELTA_BYTE_ARRAY)
        .setColumnEncoding("big", wasm.Encoding.DELTA_BINARY_PACKED)
        .setCompression(wasm.Compression.LZ4_RAW)
        .setMaxRowGroupSize(333),
  },
];

/** Files of arrow-rs, through parquet-wasm. */
export function arrowFiles(place: string, salt: number): CorpusDataset[] {
  return files.map(({ name, rows, set }, index) => {
    const stream = arrow.tableToIPC(tableOf(rows, salt + index), "stream");
    const properties = set(new wasm.WriterPropertiesBuilder()).build();
    const path = join(place, `${name}.parquet`);
    writeFileSync(path, wasm.writeParquet(wasm.Table.fromIPCStream(stream), properties));
    return oneFile(name, path);
  });
}

function tableOf(rows: number, salt: number): arrow.Table {
  const random = choices(salt, 11);
  const make = <T>(value: (row: number) => T, nullPercent = 10): (T | null)[] =>
    Array.from({ length: rows }, (_, row) => (random.chance(nullPercent) ? null : value(row)));
  const vector = <T extends arrow.DataType>(values: unknown[], type: T) =>
    arrow.vectorFromArray(values, type) as arrow.Vector;
  const point = new arrow.Struct<{ x: arrow.Int32; label: arrow.Utf8 }>([
    new arrow.Field("x", new arrow.Int32(), true),
    new arrow.Field("label", new arrow.Utf8(), true),
  ]);
  return new arrow.Table({
    id: vector(
      make((row) => row, 0),
      new arrow.Int32(),
    ),
    k: vector(
      make(() => random.below(30)),
      new arrow.Int16(),
    ),
    big: vector(
      make((row) => BigInt(row) * 1_234_567_890_123n),
      new arrow.Int64(),
    ),
    u64: vector(
      make(() => 18_446_744_073_709_551_615n - BigInt(random.below(50))),
      new arrow.Uint64(),
    ),
    d: vector(
      make(() => random.below(4_000) / 8),
      new arrow.Float64(),
    ),
    f: vector(
      make(() => random.of([Number.NaN, -0, 0, Infinity, random.below(9)])),
      new arrow.Float32(),
    ),
    s: vector(
      make(() => random.of(["N", "R", "A", "", "äöü"])),
      new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
    ),
    t: vector(
      make((row) => `shared beginning of ${row % 20}, then ${random.below(1e9)}`),
      new arrow.Utf8(),
    ),
    b: vector(
      make(() => random.chance(30)),
      new arrow.Bool(),
    ),
    day: vector(
      make((row) => new Date(Date.UTC(2020, 0, 1 + (row % 700)))),
      new arrow.DateDay(),
    ),
    at: vector(
      make((row) => 1_700_000_000_000 + row * 1_000),
      new arrow.TimestampMillisecond(),
    ),
    zoned: vector(
      make((row) => 1_700_000_000_000 + row * 7_000),
      new arrow.TimestampMicrosecond("Europe/Berlin"),
    ),
    bytes: vector(
      make(() => Uint8Array.from([random.below(256), 0, 255])),
      new arrow.Binary(),
    ),
    place: vector(
      make((row) => ({ x: row % 50, label: `label ${row % 7}` })),
      point,
    ),
    items: vector(
      make(() => Array.from({ length: random.below(4) }, () => random.below(9))),
      new arrow.List(new arrow.Field("item", new arrow.Int32(), true)),
    ),
    nothing: vector(
      make(() => 1, 100),
      new arrow.Int32(),
    ),
  });
}
