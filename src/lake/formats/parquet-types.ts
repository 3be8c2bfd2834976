import type { SchemaElement } from "hyparquet";
import { ToolError } from "../../core/errors.ts";
import { quoteIfNeeded } from "./sql-names.ts";

/** A column of a Parquet file as DuckDB names it. */
export interface ParquetColumn {
  name: string;
  /** Such as `DECIMAL(18,2)`, `STRUCT(a INTEGER)[]`, `MAP(VARCHAR, BIGINT)`. */
  type: string;
  /** Place among the leaves of the schema; absent for nested columns. */
  leaf?: number;
}

const maxNesting = 64;

/**
 * The columns of a flattened schema, with the types DuckDB reads them as. Throws `invalid_input` where the tree does
 * not add up, `unsupported` past 64 levels. Source: Parquet's LogicalTypes.md and DuckDB's reader.
 */
export function columnsOf(
  schema: readonly SchemaElement[],
  geometries: ReadonlySet<string>,
): { columns: ParquetColumn[]; leaves: number } {
  const walk = new SchemaWalk(schema);
  const columns = walk
    .root()
    .map((column) =>
      column.type === "BLOB" && geometries.has(column.name) ? { ...column, type: "GEOMETRY" } : column,
    );
  return { columns, leaves: walk.leaves };
}

class SchemaWalk {
  leaves = 0;
  readonly #schema: readonly SchemaElement[];
  #at = 0;

  constructor(schema: readonly SchemaElement[]) {
    this.#schema = schema;
  }

  root(): ParquetColumn[] {
    const root = this.#take();
    const columns = this.#children(root, 0);
    if (this.#at !== this.#schema.length) throw broken("elements are left over");
    return columns;
  }

  #take(): SchemaElement {
    const element = this.#schema[this.#at];
    if (!element) throw broken("elements are missing");
    if (typeof element.name !== "string") throw broken("an element has no name");
    this.#at += 1;
    return element;
  }

  #children(parent: SchemaElement, nesting: number): ParquetColumn[] {
    if (nesting > maxNesting) {
      throw new ToolError("unsupported", `The Parquet schema is nested more than ${maxNesting} levels deep.`);
    }
    const children: ParquetColumn[] = [];
    const isMap = parent.converted_type === "MAP" || parent.logical_type?.type === "MAP";
    for (let index = 0; index < (parent.num_children ?? 0); index += 1) {
      children.push(this.#column(nesting + 1, isMap && parent.num_children === 1));
    }
    return withUniqueNames(children);
  }

  #column(nesting: number, isInMap: boolean): ParquetColumn {
    const element = this.#take();
    const isRepeated = element.repetition_type === "REPEATED";
    if (element.type === undefined) {
      if (!element.num_children) throw broken(`the group "${element.name}" has no members`);
      const type = groupType(element, this.#children(element, nesting), isInMap);
      return { name: element.name, type };
    }
    const type = leafType(element);
    const leaf = this.leaves++;
    return isRepeated ? { name: element.name, type: `${type}[]` } : { name: element.name, type, leaf };
  }
}

/** Lists and maps are groups by convention: a repeated group inside an annotated one. */
function groupType(element: SchemaElement, children: ParquetColumn[], isInMap: boolean): string {
  if (element.logical_type?.type === "VARIANT") return "VARIANT";
  const isRepeated = element.repetition_type === "REPEATED";
  const isList = element.converted_type === "LIST" || element.logical_type?.type === "LIST";
  const isMap = element.converted_type === "MAP" || element.logical_type?.type === "MAP";
  const [first, second] = children;
  if (
    isRepeated &&
    (isInMap || element.converted_type === "MAP_KEY_VALUE") &&
    children.length === 2 &&
    first &&
    second
  ) {
    return `MAP(${first.type}, ${second.type})`;
  }
  const isWrapper = children.length === 1 && (isList || isMap || isRepeated);
  const type = isWrapper && first ? first.type : structType(children);
  return isRepeated ? `${type}[]` : type;
}

function structType(children: ParquetColumn[]): string {
  return `STRUCT(${children.map(({ name, type }) => `${quoteIfNeeded(name)} ${type}`).join(", ")})`;
}

/** DuckDB tells names apart without regard to case, by `_1`, `_2` … */
function withUniqueNames(columns: ParquetColumn[]): ParquetColumn[] {
  const seen = new Map<string, number>();
  return columns.map((column) => {
    const count = seen.get(column.name.toLowerCase()) ?? 0;
    seen.set(column.name.toLowerCase(), count + 1);
    return count === 0 ? column : { ...column, name: `${column.name}_${count}` };
  });
}

function leafType(element: SchemaElement): string {
  return (
    logicalLeafType(element) ?? convertedLeafType(element) ?? physicalTypes[element.type ?? ""] ?? "BLOB"
  );
}

const physicalTypes: Readonly<Record<string, string>> = {
  BOOLEAN: "BOOLEAN",
  INT32: "INTEGER",
  INT64: "BIGINT",
  INT96: "TIMESTAMP",
  FLOAT: "FLOAT",
  DOUBLE: "DOUBLE",
};

function logicalLeafType({ logical_type: logical }: SchemaElement): string | undefined {
  switch (logical?.type) {
    case "INTEGER":
      return integerType(logical.bitWidth, logical.isSigned);
    case "DECIMAL":
      return decimalType(logical.precision, logical.scale);
    case "TIMESTAMP":
      if (logical.isAdjustedToUTC) return "TIMESTAMP WITH TIME ZONE";
      return logical.unit === "NANOS" ? "TIMESTAMP_NS" : "TIMESTAMP";
    case "TIME":
      if (logical.isAdjustedToUTC) return "TIME WITH TIME ZONE";
      return logical.unit === "NANOS" ? "TIME_NS" : "TIME";
    case "STRING":
    case "ENUM":
      return "VARCHAR";
    case "FLOAT16":
      return "FLOAT";
    case "GEOMETRY":
    case "GEOGRAPHY":
      return "GEOMETRY";
    case "DATE":
    case "UUID":
    case "JSON":
      return logical.type;
    default:
      return undefined;
  }
}

function convertedLeafType({
  converted_type: converted,
  precision,
  scale,
}: SchemaElement): string | undefined {
  const integer = /^(U?)INT_(\d+)$/.exec(converted ?? "");
  if (integer) return integerType(Number(integer[2]), integer[1] === "");
  if (converted === "DECIMAL") return decimalType(precision ?? 0, scale ?? 0);
  if (converted?.startsWith("TIMESTAMP_")) return "TIMESTAMP";
  if (converted?.startsWith("TIME_")) return "TIME";
  if (converted === "UTF8" || converted === "ENUM") return "VARCHAR";
  return converted === "DATE" || converted === "JSON" || converted === "INTERVAL" ? converted : undefined;
}

function integerType(bitWidth: number, isSigned: boolean): string | undefined {
  const names: Readonly<Record<number, string>> = {
    8: "TINYINT",
    16: "SMALLINT",
    32: "INTEGER",
    64: "BIGINT",
  };
  const name = names[bitWidth];
  return name === undefined || isSigned ? name : `U${name}`;
}

/** Of any width, though the engine has none of more than 38 digits. */
function decimalType(precision: number, scale: number): string {
  const isSound =
    Number.isInteger(precision) && Number.isInteger(scale) && scale >= 0 && precision >= Math.max(1, scale);
  if (!isSound) throw broken("it has a decimal of no sound precision and scale");
  return `DECIMAL(${precision},${scale})`;
}

function broken(what: string): ToolError {
  return new ToolError("invalid_input", `The Parquet schema does not add up: ${what}. The file is damaged.`);
}
