import { z } from "zod";
import { AvroFault } from "./avro-fault.ts";

/** A type as it was written, with its names resolved. Types refer to themselves where the schema does. */
export type AvroType =
  | { kind: "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string" }
  | { kind: "fixed"; sizeBytes: number }
  | { kind: "enum"; symbols: string[] }
  | { kind: "array"; items: AvroType }
  | { kind: "map"; values: AvroType }
  | { kind: "union"; branches: AvroType[] }
  | { kind: "record"; fields: AvroField[] };

export interface AvroField {
  name: string;
  /** Of Iceberg's schemas: tells what the field is, whatever it is called. */
  fieldId: number | undefined;
  type: AvroType;
}

const primitives = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] as const;
const primitive = z.enum(primitives);
const declared = z.looseObject({
  type: z.unknown().optional(),
  name: z.string().optional(),
  namespace: z.string().nullish(),
  fields: z.array(z.looseObject({ name: z.string(), type: z.unknown().optional() })).optional(),
  items: z.unknown().optional(),
  values: z.unknown().optional(),
  symbols: z.array(z.string()).optional(),
  size: z.int().min(0).optional(),
});
type Declared = z.output<typeof declared>;

const maxDepth = 64;
const maxTypes = 20_000;

/** Reads a schema. Throws `AvroFault` for what is none. Source: Avro 1.12 specification, "Schema Declaration". */
export function parseAvroSchema(text: string): AvroType {
  return new SchemaReader().read(parsed(text), "", 0);
}

class SchemaReader {
  private readonly named = new Map<string, AvroType>();
  private types = 0;

  read(schema: unknown, namespace: string, depth: number): AvroType {
    if (depth > maxDepth || ++this.types > maxTypes) throw new AvroFault("its schema is nested too deep");
    if (typeof schema === "string") return this.byName(schema, namespace);
    if (Array.isArray(schema))
      return { kind: "union", branches: schema.map((branch) => this.read(branch, namespace, depth + 1)) };
    const found = declared.safeParse(schema);
    if (!found.success) throw new AvroFault("its schema has a type that is none");
    return this.readDeclared(found.data, namespace, depth);
  }

  private byName(name: string, namespace: string): AvroType {
    const plain = primitive.safeParse(name);
    if (plain.success) return { kind: plain.data };
    const known = this.named.get(name) ?? this.named.get(fullName(name, namespace));
    if (!known) throw new AvroFault(`its schema has the unknown type ${JSON.stringify(name.slice(0, 100))}`);
    return known;
  }

  private readDeclared(schema: Declared, outer: string, depth: number): AvroType {
    const { type, name = "", namespace, fields = [], items, values, symbols = [], size } = schema;
    const inner = namespace ?? (name.includes(".") ? name.slice(0, name.lastIndexOf(".")) : outer);
    switch (type) {
      case "record":
      case "error": {
        const record: AvroType = { kind: "record", fields: [] };
        this.named.set(fullName(name, inner), record);
        for (const field of fields) {
          const id = field["field-id"];
          const fieldId = typeof id === "number" ? id : undefined;
          record.fields.push({ name: field.name, fieldId, type: this.read(field.type, inner, depth + 1) });
        }
        return record;
      }
      case "array":
        return { kind: "array", items: this.read(items, outer, depth + 1) };
      case "map":
        return { kind: "map", values: this.read(values, outer, depth + 1) };
      case "fixed":
        if (size === undefined) throw new AvroFault("its schema has a fixed type without a size");
        return this.known(name, inner, { kind: "fixed", sizeBytes: size });
      case "enum":
        return this.known(name, inner, { kind: "enum", symbols });
      default:
        return this.read(type, outer, depth + 1);
    }
  }

  private known(name: string, namespace: string, type: AvroType): AvroType {
    this.named.set(fullName(name, namespace), type);
    return type;
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AvroFault("its schema is not JSON");
  }
}
