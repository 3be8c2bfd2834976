import {
  type DuckDBConnection,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
} from "@duckdb/node-api";
import { ToolError } from "../../../core/errors.ts";
import { sqlType, type TableField, type TableType } from "../../tables/table-field.ts";
import { identifier, literal } from "./quoting.ts";
import { typeName } from "./type-name.ts";

/** What a Parquet file has for columns. */
export interface FileColumns {
  types: Map<string, DuckDBType>;
  /** Fields are found by their numbers, and none of the file's columns has one. */
  lacksIds: boolean;
  /** The name a field has among `names`; undefined where it is not there. */
  nameOf(field: TableField, names: readonly string[]): string | undefined;
}

/** Reads the footer. `hasIds`: some field is found by its number. */
export async function columnsOfFile(
  connection: DuckDBConnection,
  path: string,
  hasIds: boolean,
): Promise<FileColumns> {
  const result = await connection.run(
    `SELECT * FROM read_parquet(${literal(path)}, hive_partitioning = false) LIMIT 0`,
  );
  const names = result.columnNames();
  const types = new Map(result.columnTypes().map((type, at) => [names[at] ?? "", type]));
  const byId = hasIds ? await namesById(connection, path, names) : new Map<number, string>();
  const lacksIds = hasIds && byId.size === 0;
  return {
    types,
    lacksIds,
    nameOf({ fieldId, physicalName, namesWithoutId = [] }, names) {
      if (lacksIds) return namesWithoutId.find((name) => names.includes(name));
      const wanted = fieldId === undefined ? physicalName : byId.get(fieldId);
      if (wanted === undefined || names.includes(wanted)) return wanted;
      if (fieldId !== undefined) throw renamedMember(wanted);
      const folded = wanted.toLowerCase();
      return names.find((name) => name.toLowerCase() === folded);
    },
  };
}

/** `columns`: as the engine calls them, which tells names apart that differ in case only. Members have the file's names. */
async function namesById(
  connection: DuckDBConnection,
  path: string,
  columns: readonly string[],
): Promise<Map<number, string>> {
  const reader = await connection.runAndReadAll(
    `SELECT field_id, name, num_children FROM parquet_schema(${literal(path)}) ORDER BY column_id`,
  );
  const byId = new Map<number, string>();
  const [, ...elements] = reader.getRows();
  let column = 0;
  /** Of the column that is walked through. */
  let membersLeft = 0;
  for (const [id, name, children] of elements) {
    const ownName = membersLeft > 0 ? String(name) : columns[column++];
    membersLeft = Math.max(0, membersLeft - 1) + Number(children ?? 0);
    if (id !== null && ownName !== undefined) byId.set(Number(id), ownName);
  }
  return byId;
}

function renamedMember(name: string): ToolError {
  return new ToolError(
    "unsupported",
    `A file of the table has members of one column whose names differ in case only: ${name.slice(0, 100)}.`,
    { details: { feature: "members whose names differ in case only" } },
  );
}

/**
 * An expression of a column's value as the table's schema has it, out of what the file has: members by name or number,
 * NULL for those it lacks. The bare column where nothing is to be done, so that conditions reach the reader.
 */
export function valueSql(
  wanted: TableType,
  found: DuckDBType,
  expression: string,
  columns: FileColumns,
  depth = 0,
): string {
  if (wanted.kind === "plain") {
    return typeName(found) === wanted.sql ? expression : `CAST(${expression} AS ${wanted.sql})`;
  }
  if (wanted.kind === "struct" && found instanceof DuckDBStructType)
    return structValue(wanted, found, expression, columns, depth);
  const item = `item${depth}`;
  if (wanted.kind === "list" && found instanceof DuckDBListType) {
    const element = valueSql(wanted.element, found.valueType, item, columns, depth + 1);
    return element === item ? expression : `list_transform(${expression}, lambda ${item}: ${element})`;
  }
  if (wanted.kind === "map" && found instanceof DuckDBMapType) {
    const key = valueSql(wanted.key, found.keyType, `${item}.key`, columns, depth + 1);
    const value = valueSql(wanted.value, found.valueType, `${item}.value`, columns, depth + 1);
    if (key === `${item}.key` && value === `${item}.value`) return expression;
    const entries = `list_transform(map_entries(${expression}), lambda ${item}: struct_pack(key := ${key}, value := ${value}))`;
    return `CASE WHEN ${expression} IS NOT NULL THEN map_from_entries(${entries}) END`;
  }
  throw new ToolError(
    "invalid_input",
    `A file of the table has ${typeName(found).slice(0, 200)} where its schema has ${sqlType(wanted).slice(0, 200)}.`,
  );
}

function structValue(
  { fields }: Extract<TableType, { kind: "struct" }>,
  found: DuckDBStructType,
  expression: string,
  columns: FileColumns,
  depth: number,
): string {
  const { entryNames, entryTypes } = found;
  const members = fields.map((field) => {
    const name = columns.nameOf(field, entryNames);
    const type = name === undefined ? undefined : entryTypes[entryNames.indexOf(name)];
    if (name === undefined || !type) return { field, value: `NULL::${sqlType(field.type)}`, isSame: false };
    const member = `struct_extract(${expression}, ${literal(name)})`;
    const value = valueSql(field.type, type, member, columns, depth);
    return { field, value, isSame: value === member && name === field.name };
  });
  const isSame =
    members.every((member) => member.isSame) &&
    entryNames.length === fields.length &&
    fields.every(({ name }, at) => entryNames[at] === name);
  if (isSame) return expression;
  const packed = members.map(({ field, value }) => `${identifier(field.name)} := ${value}`).join(", ");
  return `CASE WHEN ${expression} IS NOT NULL THEN struct_pack(${packed}) END`;
}
