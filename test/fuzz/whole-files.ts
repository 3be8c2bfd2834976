import { statSync } from "node:fs";
import {
  type DuckDBConnection,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
} from "@duckdb/node-api";
import type { Column } from "../../src/lake/sql/engine.ts";
import { vectorToJson } from "../../src/lake/sql/worker/json-values.ts";
import { typeName } from "../../src/lake/sql/worker/type-name.ts";
import type { CorpusDataset } from "./corpus/dataset.ts";
import { type FuzzTable, kindOf, quoted, type Term } from "./schema.ts";

/** A statement's whole result, values as results write them, or why there is none. */
export type Answer = { columns: Column[]; rows: unknown[][] } | { error: string };

/** Makes a view of each dataset, by its name and by its uri, and tells what is in it. Unreadable ones are left out. */
export async function createTables(
  connection: DuckDBConnection,
  datasets: readonly CorpusDataset[],
): Promise<{ tables: FuzzTable[]; unreadable: string[] }> {
  const tables: FuzzTable[] = [];
  const unreadable: string[] = [];
  for (const dataset of datasets) {
    try {
      for (const name of [dataset.name, dataset.uri]) {
        await connection.run(`CREATE OR REPLACE VIEW ${quoted(name)} AS ${selectOf(dataset)}`);
      }
      tables.push(await tableOf(connection, dataset));
    } catch {
      unreadable.push(dataset.name);
      tables.push({ ...bare(dataset), rows: 0, terms: [], columnCount: 0, uniqueColumn: undefined });
    }
  }
  return { tables, unreadable };
}

/** Partition values are looked up by each row's file; a column of a partition's name gives way to it. */
function selectOf({ files, partitionColumns, partitions }: CorpusDataset): string {
  const paths = list(files.map(({ path }) => text(path)));
  const reader = `read_parquet(${paths}, can_have_nan = true, hive_partitioning = false, union_by_name = ${files.length > 1}`;
  if (partitionColumns.length === 0) return `SELECT * FROM ${reader})`;
  const names = list(["__file", ...partitionColumns.map(({ name }) => name.toLowerCase())].map(text));
  const values = partitionColumns.map(({ name, type }, at) => {
    const byFile = list(
      partitions.map((row) => (row[at] === null || row[at] === undefined ? "NULL" : text(row[at]))),
    );
    return `CAST(${byFile}[list_position(${paths}, __file)] AS ${type}) AS ${quoted(name)}`;
  });
  return `SELECT COLUMNS(c -> lower(c) NOT IN ${names}), ${values.join(", ")} FROM ${reader}, filename = '__file')`;
}

async function tableOf(connection: DuckDBConnection, dataset: CorpusDataset): Promise<FuzzTable> {
  const view = quoted(dataset.name);
  const { types, names } = await typesOf(connection, `SELECT * FROM ${view} LIMIT 0`);
  const roots = names.map((name, at) => ({ sql: `@${quoted(name)}`, type: types[at]! }));
  const parts = roots.flatMap(({ sql, type }) => partsOf(sql, type, 0));
  const rows = Number((await connection.runAndReadAll(`SELECT count(*) FROM ${view}`)).getRows()[0]?.[0]);
  const terms: Term[] = [];
  for (const { sql, type } of [...roots, ...parts.slice(0, 40)]) {
    const name = typeName(type);
    const kind = kindOf(name);
    const samples = kind === "nested" ? [] : await samplesOf(connection, view, sql.replaceAll("@", ""), name);
    terms.push({ sql, type: name, kind, samples });
  }
  return {
    ...bare(dataset),
    rows,
    terms,
    columnCount: names.length,
    uniqueColumn: await uniqueColumn(connection, view, names, rows),
  };
}

function bare({ name, uri, files }: CorpusDataset) {
  return { name, uri, sizeBytes: files.reduce((sum, { path }) => sum + statSync(path).size, 0) };
}

/** Fields of structs, lengths and items of lists, values of maps. */
function partsOf(sql: string, type: DuckDBType, depth: number): { sql: string; type: DuckDBType }[] {
  if (depth > 2) return [];
  const deeper = (part: { sql: string; type: DuckDBType }) => [
    part,
    ...partsOf(part.sql, part.type, depth + 1),
  ];
  if (type instanceof DuckDBStructType) {
    return type.entryTypes.flatMap((entry, at) => {
      const name = type.entryNames[at] ?? "";
      return name === "" ? [] : deeper({ sql: `(${sql}).${quoted(name)}`, type: entry });
    });
  }
  if (type instanceof DuckDBListType) return deeper({ sql: `(${sql})[1]`, type: type.valueType });
  if (type instanceof DuckDBMapType) return deeper({ sql: `map_values(${sql})[1]`, type: type.valueType });
  return [];
}

async function samplesOf(
  connection: DuckDBConnection,
  view: string,
  sql: string,
  type: string,
): Promise<string[]> {
  const chosen = `SELECT DISTINCT ${sql} AS v FROM ${view} WHERE ${sql} IS NOT NULL`;
  const reader = await connection.runAndReadAll(
    `SELECT v::VARCHAR FROM (${chosen}) ORDER BY md5(v::VARCHAR) LIMIT 14`,
  );
  const values = reader.getRows().map(([value]) => String(value));
  const plain = /^(TINYINT|SMALLINT|INTEGER|BIGINT|DOUBLE|BOOLEAN)$/.test(type);
  return values.map((value) => {
    const isNumber = /^-?\d+(\.\d+)?$/.test(value) || type === "BOOLEAN";
    if (type === "VARCHAR") return text(value.slice(0, 200));
    return plain && isNumber ? value : `CAST(${text(value)} AS ${type})`;
  });
}

async function uniqueColumn(
  connection: DuckDBConnection,
  view: string,
  names: readonly string[],
  rows: number,
) {
  const name = names.find((one) => one.toLowerCase() === "id");
  if (name === undefined || rows === 0) return undefined;
  const reader = await connection.runAndReadAll(`SELECT count(DISTINCT ${quoted(name)}) FROM ${view}`);
  return Number(reader.getRows()[0]?.[0]) === rows ? name : undefined;
}

async function typesOf(connection: DuckDBConnection, sql: string) {
  const result = await connection.run(sql);
  return { types: result.columnTypes(), names: result.columnNames() };
}

/** Runs a statement to its end. The values are written as results write them, so that they can be compared. */
export async function answer(connection: DuckDBConnection, sql: string): Promise<Answer> {
  try {
    const result = await connection.stream(sql);
    const types = result.columnTypes();
    const columns = result.columnNames().map((name, at) => ({ name, type: typeName(types[at]!) }));
    const rows: unknown[][] = [];
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return { columns, rows };
      const items = types.map((type, at) => vectorToJson(chunk.getColumnVector(at), type));
      for (let row = 0; row < chunk.rowCount; row++) rows.push(items.map((item) => item(row)));
    }
  } catch (thrown) {
    return { error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

function list(items: readonly string[]): string {
  return `[${items.join(", ")}]`;
}
