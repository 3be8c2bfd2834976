import type { ColumnInfo, Row } from "@aws-sdk/client-athena";
import {
  DuckDBBlobValue,
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBMapType,
  type DuckDBResultReader,
  DuckDBStructType,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
} from "@duckdb/node-api";

/** A result as Athena's GetQueryResults writes it: every value a text, none for NULL. */
export function rowsOf(reader: DuckDBResultReader): { columns: ColumnInfo[]; rows: Row[] } {
  const types = reader.columnTypes();
  const columns = reader.columnNames().map((name, at) => columnInfo(name, types[at] as DuckDBType));
  const rows = reader.getRows().map((row) => ({
    Data: row.map((value) => (value === null ? {} : { VarCharValue: textOf(value) })),
  }));
  return { columns, rows };
}

const names: Record<string, string> = {
  BOOLEAN: "boolean",
  TINYINT: "tinyint",
  SMALLINT: "smallint",
  INTEGER: "integer",
  BIGINT: "bigint",
  // Trino adds whole numbers up as bigint.
  HUGEINT: "bigint",
  FLOAT: "float",
  DOUBLE: "double",
  VARCHAR: "varchar",
  DATE: "date",
  TIMESTAMP: "timestamp",
  "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
  BLOB: "varbinary",
  JSON: "json",
};

function columnInfo(name: string, type: DuckDBType): ColumnInfo {
  if (type instanceof DuckDBDecimalType) {
    return { Name: name, Label: name, Type: "decimal", Precision: type.width, Scale: type.scale };
  }
  const nested =
    type instanceof DuckDBListType
      ? "array"
      : type instanceof DuckDBMapType
        ? "map"
        : type instanceof DuckDBStructType
          ? "row"
          : undefined;
  return { Name: name, Label: name, Type: nested ?? names[type.alias ?? String(type)] ?? "varchar" };
}

function textOf(value: DuckDBValue): string {
  if (value instanceof DuckDBBlobValue)
    return Buffer.from(value.bytes)
      .toString("hex")
      .replace(/(..)(?=.)/g, "$1 ");
  if (value instanceof DuckDBTimestampTZValue)
    return `${milliseconds(String(value).replace(/\+00$/, ""))} UTC`;
  if (value instanceof DuckDBTimestampValue) return milliseconds(String(value));
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) >= 1e7)
    return value.toExponential().replace("e+", "E");
  return String(value);
}

function milliseconds(text: string): string {
  return text.includes(".") ? text : `${text}.000`;
}
