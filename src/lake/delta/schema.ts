import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import type { TableField, TableType } from "../tables/table-field.ts";
import { damagedLog, type Metadata, type Protocol } from "./actions.ts";

const plainTypes = new Map([
  ["string", "VARCHAR"],
  ["long", "BIGINT"],
  ["integer", "INTEGER"],
  ["short", "SMALLINT"],
  ["byte", "TINYINT"],
  ["float", "FLOAT"],
  ["double", "DOUBLE"],
  ["boolean", "BOOLEAN"],
  ["binary", "BLOB"],
  ["date", "DATE"],
  ["timestamp", "TIMESTAMP WITH TIME ZONE"],
  ["timestamp_ntz", "TIMESTAMP"],
  // A column of nothing but nulls.
  ["void", "INTEGER"],
]);

type JsonType =
  | string
  | {
      type: "struct";
      fields: { name: string; type: JsonType; metadata?: Record<string, unknown> | undefined }[];
    }
  | { type: "array"; elementType: JsonType }
  | { type: "map"; keyType: JsonType; valueType: JsonType };

const jsonField = z.object({
  name: z.string(),
  type: z.lazy(() => jsonType),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
const jsonStruct = z.object({ type: z.literal("struct"), fields: z.array(jsonField) });
const jsonType: z.ZodType<JsonType> = z.union([
  z.string(),
  jsonStruct,
  z.object({ type: z.literal("array"), elementType: z.lazy(() => jsonType) }),
  z.object({ type: z.literal("map"), keyType: z.lazy(() => jsonType), valueType: z.lazy(() => jsonType) }),
]);

/** How columns are found in files: by their names, by other names, or by number. */
export type ColumnMapping = "none" | "name" | "id";

/** Deeper types than anybody has, which would take the stack. */
const maxDepth = 100;

/**
 * Columns of a table by its metadata, in their order, partition columns among them. Throws `invalid_input` for a
 * schema that is none, `unsupported` for a type or mapping it does not know.
 * Source: Delta protocol, "Schema Serialization Format", "Column Mapping".
 */
export function readSchema(
  { schemaString, configuration }: Metadata,
  protocol: Protocol,
  uri: string,
): TableField[] {
  const mapping = mappingOf(configuration, protocol);
  let schema: z.output<typeof jsonStruct>;
  try {
    refuseDeep(schemaString);
    schema = jsonStruct.parse(JSON.parse(schemaString));
  } catch (cause) {
    if (cause instanceof ToolError) throw cause;
    throw damagedLog(uri, "the table's schema is not one", cause);
  }
  if (schema.fields.length === 0) throw damagedLog(uri, "the table's schema has no columns");
  return fieldsOf(schema.fields, mapping, uri);
}

function mappingOf(configuration: Metadata["configuration"], protocol: Protocol): ColumnMapping {
  const mode = configuration["delta.columnMapping.mode"] ?? "none";
  if (protocol.minReaderVersion < 2) return "none";
  if (mode === "none" || mode === "name" || mode === "id") return mode;
  throw unsupportedType(`column mapping by ${JSON.stringify(mode)}`);
}

function refuseDeep(schemaString: string): void {
  let depth = 0;
  for (const character of schemaString) {
    if (character === "{" && ++depth > maxDepth * 2)
      throw unsupportedType(`a schema nested deeper than ${maxDepth}`);
    if (character === "}") depth--;
  }
}

function fieldsOf(
  fields: z.output<typeof jsonStruct>["fields"],
  mapping: ColumnMapping,
  uri: string,
): TableField[] {
  return fields.map(({ name, type, metadata = {} }) => {
    const physical = metadata["delta.columnMapping.physicalName"];
    const id = metadata["delta.columnMapping.id"];
    if (mapping !== "none" && typeof physical !== "string")
      throw damagedLog(uri, `the column ${JSON.stringify(name)} has no physical name`);
    if (mapping === "id" && typeof id !== "number")
      throw damagedLog(uri, `the column ${JSON.stringify(name)} has no mapping id`);
    return {
      name,
      physicalName: mapping !== "none" && typeof physical === "string" ? physical : name,
      ...(mapping === "id" && typeof id === "number" ? { fieldId: id } : {}),
      type: typeOf(type, mapping, uri),
    };
  });
}

function typeOf(type: JsonType, mapping: ColumnMapping, uri: string): TableType {
  if (typeof type === "string") return { kind: "plain", sql: plainSql(type) };
  if (type.type === "struct") return { kind: "struct", fields: fieldsOf(type.fields, mapping, uri) };
  if (type.type === "array") return { kind: "list", element: typeOf(type.elementType, mapping, uri) };
  return {
    kind: "map",
    key: typeOf(type.keyType, mapping, uri),
    value: typeOf(type.valueType, mapping, uri),
  };
}

function plainSql(type: string): string {
  const known = plainTypes.get(type);
  if (known !== undefined) return known;
  const [, width, scale] = /^decimal\((\d{1,2}), ?(\d{1,2})\)$/.exec(type) ?? [];
  if (width !== undefined && scale !== undefined && Number(width) <= 38) return `DECIMAL(${width},${scale})`;
  if (type === "decimal") return "DECIMAL(10,0)";
  if (/^(?:var)?char\(\d+\)$/.test(type)) return "VARCHAR";
  throw unsupportedType(`the type ${JSON.stringify(type.slice(0, 100))}`);
}

function unsupportedType(what: string): ToolError {
  return new ToolError("unsupported", `The Delta table has ${what}, which this version does not read.`, {
    details: { tableFormat: "Delta", feature: what },
  });
}
