import { AvroFault } from "./avro-fault.ts";
import type { AvroType } from "./avro-schema.ts";
import type { ByteReader } from "./byte-reader.ts";

/** A value: records by the names of their fields, longs exact. */
export type AvroValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | AvroValue[]
  | AvroMap
  | AvroRecord;
export type AvroMap = Map<string, AvroValue>;
export type AvroRecord = { [name: string]: AvroValue };

const maxDepth = 64;
/** Items that take no bytes could be claimed in any number. */
const maxEmptyItems = 1_000;

/** Reads a value of a type. Throws `AvroFault`. Source: Avro 1.12 specification, "Data Serialization and Deserialization". */
export function readValue(reader: ByteReader, type: AvroType, depth = 0): AvroValue {
  if (depth > maxDepth) throw new AvroFault("its values are nested too deep");
  switch (type.kind) {
    case "null":
      return null;
    case "boolean":
      return reader.byte() !== 0;
    case "int":
      return reader.int();
    case "long":
      return reader.long();
    case "float":
      return reader.take(4).readFloatLE();
    case "double":
      return reader.take(8).readDoubleLE();
    case "bytes":
      return reader.take(reader.length());
    case "string":
      return reader.take(reader.length()).toString("utf8");
    case "fixed":
      return reader.take(type.sizeBytes);
    case "enum":
      return oneOf(type.symbols, reader.int());
    case "union":
      return readValue(reader, oneOf(type.branches, reader.int()), depth + 1);
    case "record":
      return recordOf(reader, type, depth);
    case "array": {
      const items: AvroValue[] = [];
      readBlocks(reader, () => items.push(readValue(reader, type.items, depth + 1)));
      return items;
    }
    case "map": {
      const entries: AvroMap = new Map();
      readBlocks(reader, () => {
        const key = reader.take(reader.length()).toString("utf8");
        entries.set(key, readValue(reader, type.values, depth + 1));
      });
      return entries;
    }
  }
}

function recordOf(
  reader: ByteReader,
  { fields }: Extract<AvroType, { kind: "record" }>,
  depth: number,
): AvroRecord {
  const record: AvroRecord = Object.create(null);
  for (const { name, type } of fields) record[name] = readValue(reader, type, depth + 1);
  return record;
}

function oneOf<T>(choices: readonly T[], index: number): T {
  const choice = choices[index];
  if (choice === undefined) throw new AvroFault(`it has the choice ${index} of ${choices.length}`);
  return choice;
}

/** Goes past a value of a type. Throws `AvroFault`. */
export function skipValue(reader: ByteReader, type: AvroType, depth = 0): void {
  if (depth > maxDepth) throw new AvroFault("its values are nested too deep");
  if (type.kind === "bytes" || type.kind === "string") reader.take(reader.length());
  else if (type.kind === "union") skipValue(reader, oneOf(type.branches, reader.int()), depth + 1);
  else if (type.kind === "record") for (const field of type.fields) skipValue(reader, field.type, depth + 1);
  else if (type.kind === "array") readBlocks(reader, () => skipValue(reader, type.items, depth + 1));
  else readValue(reader, type, depth);
}

/** Items in blocks, each with its count before it; a negative one is followed by the block's bytes. */
function readBlocks(reader: ByteReader, readItem: () => void): void {
  for (let count = reader.int(); count !== 0; count = reader.int()) {
    if (count < 0) reader.length();
    let emptyItems = 0;
    for (let left = Math.abs(count); left > 0; left--) {
      const before = reader.at;
      readItem();
      if (reader.at === before && ++emptyItems > maxEmptyItems)
        throw new AvroFault(`it claims ${Math.abs(count)} items`);
    }
  }
}
