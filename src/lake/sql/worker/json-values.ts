import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBListVector,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBStructVector,
  type DuckDBType,
  DuckDBUnionType,
  type DuckDBVector,
} from "@duckdb/node-api";
import { ToolError } from "../../../core/errors.ts";
import { valueJson } from "./json-scalars.ts";

/** Gives the JSON value of one item of a vector. The rules are in docs/types.md. */
export type ItemToJson = (index: number) => unknown;

/**
 * Reads a vector's items as JSON values. `type` is the result's: a vector's own does not say that text is JSON. Structs and lists are read from the vectors themselves: the binding's
 * objects lose members named `__proto__`. Throws `unsupported` for such members where no other way leads to them.
 */
export function vectorToJson(vector: DuckDBVector, type: DuckDBType): ItemToJson {
  if (vector instanceof DuckDBStructVector && type instanceof DuckDBStructType)
    return structToJson(vector, type);
  if (vector instanceof DuckDBListVector && type instanceof DuckDBListType) return listToJson(vector, type);
  refusePrototypes(type);
  return (index) => valueJson(vector.getItem(index), type);
}

function structToJson(vector: DuckDBStructVector, { entryNames, entryTypes }: DuckDBStructType): ItemToJson {
  const members = entryTypes.map((type, entry) => vectorToJson(vector.entryVectorAt(entry), type));
  return (index) => {
    if (!vector.isItemValid(index)) return null;
    // The members of a row(…) have no names by which an object could tell them apart.
    if (entryNames.every((name) => name === "")) return members.map((member) => member(index));
    return objectOf(entryNames.map((name, entry) => [name, members[entry]?.(index)]));
  };
}

function listToJson(vector: DuckDBListVector, { valueType }: DuckDBListType): ItemToJson {
  const item = vectorToJson(vector.childVector, valueType);
  return (index) => {
    if (vector.getItemVector(index) === null) return null;
    const offset = vector.getEntryOffset(index);
    return Array.from({ length: vector.getEntryLength(index) }, (_, at) => item(offset + at));
  };
}

/** An object whose members keep any name, `__proto__` too. */
export function objectOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  for (const [name, value] of entries) object[name] = value;
  return object;
}

function refusePrototypes(type: DuckDBType): void {
  if (!hasPrototypeMember(type)) return;
  throw new ToolError(
    "unsupported",
    `A value of type ${type} has a member named __proto__ inside a map, union or array. Select its parts one by one.`,
  );
}

function hasPrototypeMember(type: DuckDBType): boolean {
  if (type instanceof DuckDBStructType) {
    return type.entryNames.includes("__proto__") || type.entryTypes.some(hasPrototypeMember);
  }
  if (type instanceof DuckDBMapType)
    return hasPrototypeMember(type.keyType) || hasPrototypeMember(type.valueType);
  if (type instanceof DuckDBUnionType) return type.memberTypes.some(hasPrototypeMember);
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType)
    return hasPrototypeMember(type.valueType);
  return false;
}
