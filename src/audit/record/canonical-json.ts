import { createHash, type Hash, hash as hashOf } from "node:crypto";
import { isRecord } from "../../core/record.ts";

/** A value still to be written. Text is written as it is. */
type Todo = string | { value: unknown };

/**
 * Writes JSON in the canonical form of RFC 8785, piece by piece: members by name in UTF-16 order, no white space,
 * numbers as ECMAScript writes them. Members that are undefined are left out; what JSON has no word for is null, and
 * whole numbers past 64 bits are texts. Of any depth, but no cycles.
 */
function writeCanonical(root: unknown, write: (text: string) => void): void {
  const todo: Todo[] = [{ value: root }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    write(typeof next === "string" ? next : open(next.value, todo));
  }
}

/** The text a value begins with; what follows of it is put on the pile, last first. */
function open(value: unknown, todo: Todo[]): string {
  if (Array.isArray(value)) {
    todo.push("]");
    for (let index = value.length - 1; index >= 0; index--) put(index > 0 ? "," : "", value[index], todo);
    return "[";
  }
  if (!isRecord(value)) return scalar(value);
  const names = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort();
  todo.push("}");
  for (let index = names.length - 1; index >= 0; index--) {
    const name = names[index] ?? "";
    put(`${index > 0 ? "," : ""}${JSON.stringify(name)}:`, value[name], todo);
  }
  return "{";
}

/** Puts a value and what stands before it on the pile. Most values are scalars, and one text with it at once. */
function put(before: string, value: unknown, todo: Todo[]): void {
  if (typeof value === "object" && value !== null) todo.push({ value }, before);
  else todo.push(before + scalar(value));
}

function scalar(value: unknown): string {
  return JSON.stringify(typeof value === "bigint" ? value.toString() : value) ?? "null";
}

/** The canonical form as one text. */
export function canonicalJson(value: unknown): string {
  let text = "";
  writeCanonical(value, (part) => {
    text += part;
  });
  return text;
}

const chunkChars = 64 * 1024;

/** SHA-256, in hex, and size of the canonical form in UTF-8, which is never held as a whole. */
export function canonicalDigest(value: unknown): { sha256: string; sizeBytes: number } {
  let hash: Hash | undefined;
  let chunk = "";
  let sizeBytes = 0;
  const flush = () => {
    hash = (hash ?? createHash("sha256")).update(chunk, "utf8");
    sizeBytes += Buffer.byteLength(chunk);
    chunk = "";
  };
  writeCanonical(value, (part) => {
    chunk += part;
    if (chunk.length >= chunkChars) flush();
  });
  // Nearly always all of it, which costs much less in one go.
  if (!hash) return { sha256: hashOf("sha256", chunk), sizeBytes: Buffer.byteLength(chunk) };
  flush();
  return { sha256: hash.digest("hex"), sizeBytes };
}
