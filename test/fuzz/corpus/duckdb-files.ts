import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { type CorpusDataset, folder, oneFile } from "./dataset.ts";
import { largeRows, longTexts, richRows, wideRows } from "./selects.ts";

/** Writes a file with the engine's own writer. `options` as in COPY. */
async function copy(
  connection: DuckDBConnection,
  path: string,
  select: string,
  options: string,
): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  await connection.run(`COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, ${options})`);
  return path;
}

/** Single files: codecs, page versions, row groups, dictionaries, bloom filters, sizes. */
const singles: readonly { name: string; select(salt: number): string; options: string }[] = [
  {
    name: "rich_v1",
    select: (s) => richRows(6_000, s),
    options: "PARQUET_VERSION V1, COMPRESSION snappy, ROW_GROUP_SIZE 2048",
  },
  {
    name: "rich_v2",
    select: (s) => richRows(6_000, s),
    options: "PARQUET_VERSION V2, COMPRESSION zstd, ROW_GROUP_SIZE 2048",
  },
  {
    name: "rich_plain",
    select: (s) => richRows(3_000, s),
    options: "COMPRESSION uncompressed, ROW_GROUP_SIZE 2048",
  },
  {
    name: "rich_mixed",
    select: (s) => richRows(4_500, s, "mixed"),
    options: "PARQUET_VERSION V2, COMPRESSION uncompressed, ROW_GROUP_SIZE 2048",
  },
  { name: "rich_gzip", select: (s) => richRows(1_500, s), options: "COMPRESSION gzip" },
  {
    name: "rich_brotli",
    select: (s) => richRows(1_500, s),
    options: "COMPRESSION brotli, STRING_DICTIONARY_PAGE_SIZE_LIMIT 100",
  },
  {
    name: "rich_lz4",
    select: (s) => richRows(1_500, s, "mixed"),
    options: "COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 1",
  },
  { name: "one_row", select: (s) => richRows(1, s), options: "COMPRESSION zstd" },
  { name: "no_rows", select: (s) => richRows(0, s), options: "COMPRESSION snappy" },
  {
    name: "large_plain",
    select: (s) => largeRows(12_000, s),
    options: "COMPRESSION uncompressed, ROW_GROUP_SIZE 2048",
  },
  {
    name: "large_v2",
    select: (s) => largeRows(12_000, s),
    options: "PARQUET_VERSION V2, COMPRESSION snappy, ROW_GROUP_SIZE 4096",
  },
  // Chunks of more bytes than one request asks for.
  {
    name: "huge_plain",
    select: (s) => largeRows(40_000, s),
    options: "COMPRESSION uncompressed, ROW_GROUP_SIZE 40960",
  },
  {
    name: "large_blooms",
    select: (s) => largeRows(10_000, s),
    options:
      "COMPRESSION zstd, ROW_GROUP_SIZE 2048, DICTIONARY_SIZE_LIMIT 100000, BLOOM_FILTER_FALSE_POSITIVE_RATIO 0.001",
  },
  { name: "wide", select: (s) => wideRows(2_500, s), options: "COMPRESSION zstd, ROW_GROUP_SIZE 2048" },
  { name: "texts", select: (s) => longTexts(3_000, s), options: "COMPRESSION zstd, ROW_GROUP_SIZE 2048" },
];

/** Folder names of Hive tables as they come: encoded, empty, `null`, the default partition, leading zeros. */
const oddValues: readonly [folder: string, value: string | null][] = [
  ["null", "null"],
  ["__HIVE_DEFAULT_PARTITION__", null],
  ["T%C3%BCrkiye", "Türkiye"],
  ["a%2Fb", "a/b"],
  ["O'Brien", "O'Brien"],
  ["007", "007"],
  ["x=y", "x=y"],
  [" ", " "],
];

/** All the files the engine itself writes. `place` is the folder they go to. */
export async function duckdbFiles(
  connection: DuckDBConnection,
  place: string,
  salt: number,
): Promise<CorpusDataset[]> {
  const datasets: CorpusDataset[] = [];
  for (const { name, select, options } of singles) {
    datasets.push(
      oneFile(name, await copy(connection, join(place, `${name}.parquet`), select(salt), options)),
    );
  }
  datasets.push(await dated(connection, place, salt), await odd(connection, place, salt));
  datasets.push(await grown(connection, place, salt), await pieces(connection, place, salt));
  datasets.push(await shelves(connection, place, salt));
  return datasets;
}

async function dated(connection: DuckDBConnection, place: string, salt: number): Promise<CorpusDataset> {
  const parts = [];
  for (const year of ["2023", "2024", "2025"]) {
    for (const month of ["01", "02", "11"]) {
      const part = `year=${year}/month=${month}/a.parquet`;
      const select = richRows(300, salt + Number(year) + Number(month));
      const path = await copy(connection, join(place, "dated", part), select, "COMPRESSION zstd");
      parts.push({ path, part, values: [year, month] });
    }
  }
  return folder("dated", parts, [
    { name: "year", type: "BIGINT" },
    { name: "month", type: "VARCHAR" },
  ]);
}

/** Its files hold a column of the partition's name too: the folder's value counts. */
async function odd(connection: DuckDBConnection, place: string, salt: number): Promise<CorpusDataset> {
  const parts = [];
  for (const [index, [written, value]] of oddValues.entries()) {
    const part = `land=${written}/day=2024-02-${String(index + 10)}/a.parquet`;
    const select = `SELECT id, k, s, t, 'inside' AS Land FROM (${richRows(40, salt + index)})`;
    const path = await copy(connection, join(place, "odd", `${index}.parquet`), select, "COMPRESSION snappy");
    parts.push({ path, part, values: [value, `2024-02-${index + 10}`] });
  }
  return folder("odd", parts, [
    { name: "land", type: "VARCHAR" },
    { name: "day", type: "DATE" },
  ]);
}

/** Files of one table whose columns came, went, changed their order and grew wider. */
async function grown(connection: DuckDBConnection, place: string, salt: number): Promise<CorpusDataset> {
  const rich = richRows(2_500, salt);
  const selects = [
    `SELECT id, k, s, price FROM (${rich})`,
    `SELECT s, id + 10000 AS id, k::BIGINT AS k, d FROM (${rich})`,
    `SELECT id + 20000 AS id, k, s, d, place, moment FROM (${rich})`,
    `SELECT id + 30000 AS id, d FROM (${rich})`,
  ];
  const parts = [];
  for (const [index, select] of selects.entries()) {
    const options =
      index % 2 === 0
        ? "COMPRESSION uncompressed, ROW_GROUP_SIZE 2048"
        : "PARQUET_VERSION V2, COMPRESSION zstd";
    const part = `part-${index}.parquet`;
    parts.push({ path: await copy(connection, join(place, "grown", part), select, options), part });
  }
  return folder("grown", parts);
}

/** So many small files stay open from one question to the next, with their database. */
const heldFiles = 36;

/** Many files of few rows, one of them of none. */
async function pieces(connection: DuckDBConnection, place: string, salt: number): Promise<CorpusDataset> {
  const parts = [];
  for (let index = 0; index < heldFiles; index++) {
    const select = `SELECT * REPLACE (id + ${index * 100} AS id) FROM (${richRows(index === 7 ? 0 : 100, salt + index)})`;
    const part = `piece-${String(index).padStart(2, "0")}.parquet`;
    parts.push({
      path: await copy(connection, join(place, "pieces", part), select, "COMPRESSION lz4_raw"),
      part,
    });
  }
  return folder("pieces", parts);
}

/** The same in partitions of several files each, one without a value. */
async function shelves(connection: DuckDBConnection, place: string, salt: number): Promise<CorpusDataset> {
  const parts = [];
  for (let index = 0; index < heldFiles; index++) {
    const value = ["10", "9", "__HIVE_DEFAULT_PARTITION__", "-1"][index % 4] ?? "";
    const select = `SELECT * REPLACE (id + ${index * 50} AS id) FROM (${richRows(50, salt + index)})`;
    const part = `shelf=${value}/${String(index).padStart(2, "0")}.parquet`;
    const path = await copy(connection, join(place, "shelves", part), select, "COMPRESSION zstd");
    parts.push({ path, part, values: [value.startsWith("_") ? null : value] });
  }
  return folder("shelves", parts, [{ name: "shelf", type: "BIGINT" }]);
}
