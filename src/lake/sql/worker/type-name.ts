import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBUnionType,
} from "@duckdb/node-api";
import { quoteIfNeeded } from "../../formats/sql-names.ts";

/** A type as DuckDB's own `typeof` prints it. The binding's text forgets at every level below that text is JSON. */
export function typeName(type: DuckDBType): string {
  if (type.alias !== undefined) return type.alias;
  if (type instanceof DuckDBListType) return `${typeName(type.valueType)}[]`;
  if (type instanceof DuckDBArrayType) return `${typeName(type.valueType)}[${type.length}]`;
  if (type instanceof DuckDBMapType) return `MAP(${typeName(type.keyType)}, ${typeName(type.valueType)})`;
  if (type instanceof DuckDBStructType) return `STRUCT(${members(type.entryNames, type.entryTypes)})`;
  if (type instanceof DuckDBUnionType) return `UNION(${members(type.memberTags, type.memberTypes)})`;
  return String(type);
}

function members(names: readonly string[], types: readonly DuckDBType[]): string {
  return types
    .map((type, at) => (names[at] ? `${quoteIfNeeded(names[at])} ${typeName(type)}` : typeName(type)))
    .join(", ");
}
