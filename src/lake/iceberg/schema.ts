import { z } from "zod";
import { foldName } from "../sql/gate/syntax-tree.ts";
import type { TableField, TableType } from "../tables/table-field.ts";
import { damagedMetadata, unsupportedFeature } from "./faults.ts";
import type { SchemaJson } from "./table-metadata.ts";

/** Names of fields in files without numbers, by the fields' numbers. */
export type NameMapping = ReadonlyMap<number, readonly string[]>;

const plainTypes = new Map([
  ["boolean", "BOOLEAN"],
  ["int", "INTEGER"],
  ["long", "BIGINT"],
  ["float", "FLOAT"],
  ["double", "DOUBLE"],
  ["date", "DATE"],
  ["time", "TIME"],
  ["timestamp", "TIMESTAMP"],
  ["timestamptz", "TIMESTAMP WITH TIME ZONE"],
  ["string", "VARCHAR"],
  ["uuid", "UUID"],
  ["binary", "BLOB"],
]);

const field = z.looseObject({
  id: z.int(),
  name: z.string(),
  type: z.unknown().optional(),
  "initial-default": z.unknown().optional(),
});
const nested = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("struct"), fields: z.array(z.unknown()) }),
  z.looseObject({ type: z.literal("list"), element: z.unknown().optional() }),
  z.looseObject({ type: z.literal("map"), key: z.unknown().optional(), value: z.unknown().optional() }),
]);

/**
 * Columns of a schema, in their order. Throws `invalid_input` for what is none, `unsupported` for types and defaults that
 * are not read. Source: Iceberg table specification, "Schemas and Data Types", "Appendix C: JSON serialization".
 */
export function fieldsOf(schema: SchemaJson, names: NameMapping, uri: string): TableField[] {
  const fields = new SchemaReader(names, uri).fields(schema.fields);
  if (fields.length === 0) throw damagedMetadata(uri, "the table's schema has no columns");
  return toldApart(fields);
}

/** Names that are alike but for upper and lower case are one to SQL: all but the first get a number. */
function toldApart(fields: readonly TableField[]): TableField[] {
  const written = new Set(fields.map(({ name }) => foldName(name)));
  const taken = new Set<string>();
  return fields.map((field) => {
    let name = field.name;
    for (let number = 1; taken.has(foldName(name)); number++) {
      const numbered = `${field.name}_${number}`;
      if (!written.has(foldName(numbered))) name = numbered;
    }
    taken.add(foldName(name));
    return { ...field, name };
  });
}

class SchemaReader {
  private readonly names: NameMapping;
  private readonly uri: string;

  constructor(names: NameMapping, uri: string) {
    this.names = names;
    this.uri = uri;
  }

  fields(fields: readonly unknown[]): TableField[] {
    return fields.map((one) => {
      const parsed = field.safeParse(one);
      if (!parsed.success) throw damagedMetadata(this.uri, "the table's schema has a field that is none");
      const { id, name, type, "initial-default": initial } = parsed.data;
      if (initial !== undefined && initial !== null) throw unsupportedFeature(this.uri, "initial-default");
      const namesWithoutId = this.names.get(id);
      return {
        name,
        physicalName: name,
        fieldId: id,
        ...(namesWithoutId ? { namesWithoutId } : {}),
        type: this.type(type),
      };
    });
  }

  private type(type: unknown): TableType {
    if (typeof type === "string") return { kind: "plain", sql: this.plain(type) };
    const parsed = nested.safeParse(type);
    if (!parsed.success) throw damagedMetadata(this.uri, "the table's schema has a type that is none");
    const { data } = parsed;
    if (data.type === "struct") return { kind: "struct", fields: this.fields(data.fields) };
    if (data.type === "list") return { kind: "list", element: this.type(data.element) };
    return { kind: "map", key: this.type(data.key), value: this.type(data.value) };
  }

  private plain(type: string): string {
    const known = plainTypes.get(type);
    if (known !== undefined) return known;
    if (/^fixed\[\d+\]$/.test(type)) return "BLOB";
    const [, width, scale] = /^decimal\((\d{1,2}), ?(\d{1,2})\)$/.exec(type) ?? [];
    if (width !== undefined && scale !== undefined && Number(width) <= 38)
      return `DECIMAL(${width},${scale})`;
    throw unsupportedFeature(this.uri, `the type ${type.slice(0, 100)}`);
  }
}

const mapping: z.ZodType<MappedField[]> = z.array(
  z.object({
    "field-id": z.int().optional(),
    names: z.array(z.string()),
    fields: z.lazy(() => mapping).optional(),
  }),
);
interface MappedField {
  "field-id"?: number | undefined;
  names: string[];
  fields?: MappedField[] | undefined;
}

/** Reads `schema.name-mapping.default`; undefined where a table has none. Throws `invalid_input`. */
export function parseNameMapping(text: string | undefined, uri: string): NameMapping | undefined {
  if (text === undefined) return undefined;
  const names = new Map<number, string[]>();
  const add = (fields: readonly MappedField[]) => {
    for (const { "field-id": id, names: own, fields: inner = [] } of fields) {
      if (id !== undefined) names.set(id, own);
      add(inner);
    }
  };
  try {
    add(mapping.parse(JSON.parse(text)));
  } catch (cause) {
    throw damagedMetadata(uri, "its name mapping is not one", cause);
  }
  return names;
}
