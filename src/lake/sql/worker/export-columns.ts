import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
} from "@duckdb/node-api";
import { ToolError } from "../../../core/errors.ts";
import { quoteIfNeeded } from "../../formats/sql-names.ts";
import { literal } from "./quoting.ts";
import { typeName } from "./type-name.ts";

/**
 * Types that Parquet's writer would round or shift, and the types that keep every digit of them. Measured with
 * DuckDB 1.5.6: 128-bit integers became doubles, intervals lost microseconds, times lost their zone.
 */
const exactInParquet: ReadonlyMap<DuckDBTypeId, string> = new Map([
  [DuckDBTypeId.HUGEINT, "DECIMAL(38,0)"],
  [DuckDBTypeId.UHUGEINT, "DECIMAL(38,0)"],
  [DuckDBTypeId.INTERVAL, "VARCHAR"],
  [DuckDBTypeId.TIME_TZ, "VARCHAR"],
]);

/** The type a column is cast to before it is written to Parquet; undefined where it can stay as it is. Throws `unsupported`. */
export function parquetTypeOf(type: DuckDBType): string | undefined {
  const exact = exactInParquet.get(type.typeId);
  if (exact !== undefined) return exact;
  if (type instanceof DuckDBListType) return suffixed(parquetTypeOf(type.valueType), "[]");
  if (type instanceof DuckDBArrayType) return suffixed(parquetTypeOf(type.valueType), `[${type.length}]`);
  if (type instanceof DuckDBMapType) {
    const [key, value] = [parquetTypeOf(type.keyType), parquetTypeOf(type.valueType)];
    if (key === undefined && value === undefined) return undefined;
    return `MAP(${key ?? typeName(type.keyType)}, ${value ?? typeName(type.valueType)})`;
  }
  if (type instanceof DuckDBStructType) return structType(type);
  if (type instanceof DuckDBUnionType && type.memberTypes.some((member) => parquetTypeOf(member)))
    throw noExactForm(type);
  return undefined;
}

function structType(type: DuckDBStructType): string | undefined {
  const members = type.entryTypes.map(parquetTypeOf);
  const isNameless = type.entryNames.every((name) => name === "");
  if (!isNameless && members.every((member) => member === undefined)) return undefined;
  if (!isNameless && type.entryNames.includes("")) throw noExactForm(type);
  // Members of a row(…) are told apart by their place, those of a file by their names: as Spark has tuples.
  const names = isNameless ? type.entryNames.map((_, at) => `_${at + 1}`) : type.entryNames;
  const written = type.entryTypes.map(
    (entry, at) => `${quoteIfNeeded(names[at] ?? "")} ${members[at] ?? typeName(entry)}`,
  );
  return `STRUCT(${written.join(", ")})`;
}

function suffixed(inner: string | undefined, suffix: string): string | undefined {
  return inner === undefined ? undefined : `${inner}${suffix}`;
}

function noExactForm(type: DuckDBType): ToolError {
  return new ToolError(
    "unsupported",
    `A value of type ${typeName(type)} cannot be written to Parquet exactly. Select its parts one by one, or cast it to VARCHAR.`,
  );
}

/** Types whose text never begins with a character that spreadsheets take for a formula, but for the sign of a number. */
const harmless: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.BIGNUM,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.DATE,
  DuckDBTypeId.TIME,
  DuckDBTypeId.TIME_TZ,
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
  DuckDBTypeId.TIMESTAMP_TZ,
  DuckDBTypeId.INTERVAL,
  DuckDBTypeId.UUID,
  DuckDBTypeId.BIT,
  DuckDBTypeId.LIST,
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.MAP,
]);

export function mayBeFormula({ typeId }: DuckDBType): boolean {
  return !harmless.has(typeId);
}

/**
 * What a spreadsheet may run, and what already begins with the mark: so that one mark taken off every such cell gives
 * back the data. Source: OWASP "CSV Injection".
 */
const formula = "^'*[=+@\\t\\r\\n\\x{FF1D}\\x{FF0B}\\x{FF0D}\\x{FF20}-]";

/** `expression` as text, with a `'` before what a spreadsheet would take for a formula. */
export function escapedSql(expression: string): string {
  const text = `CAST(${expression} AS VARCHAR)`;
  return `CASE WHEN regexp_matches(${text}, ${literal(formula)}) THEN chr(39) || ${text} ELSE ${text} END`;
}

/** The same for a column's name. */
export function escapedName(name: string): string {
  return /^'*[=+@\t\r\n＝＋－＠-]/.test(name) ? `'${name}` : name;
}

/** Names that a file's readers can tell apart, whatever they think of case: `n`, `n_1`. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(names.map((name) => name.toLowerCase()));
  const seen = new Set<string>();
  return names.map((name) => {
    let free = name;
    if (seen.has(name.toLowerCase())) {
      for (let number = 1; taken.has(free.toLowerCase()); number++) free = `${name}_${number}`;
    }
    seen.add(free.toLowerCase());
    taken.add(free.toLowerCase());
    return free;
  });
}
