import { isRecord } from "../../core/record.ts";
import { isSecretName, redacted, redactText } from "../../telemetry/redact-text.ts";
import { canonicalDigest } from "./canonical-json.ts";

/** Arguments as they are recorded. */
export interface RecordedArguments {
  /** Without secrets, and bounded: says where it leaves something out. */
  arguments: unknown;
  /** Of the whole, in canonical JSON. */
  argumentsSha256: string;
  argumentsBytes: number;
}

const maxChars = 8_000;
const maxTextChars = 4_000;
const maxNameChars = 200;
const maxDepth = 8;
const maxItems = 100;
/** Room for a secret that begins before the cut, so that it is known by its look. */
const lookAheadChars = 512;

/** What a record keeps of a call's arguments, which may hold anything that JSON can. */
export function recordArguments(given: unknown): RecordedArguments {
  const { sha256, sizeBytes } = canonicalDigest(given);
  return {
    arguments: bounded(given, 0, { chars: maxChars }),
    argumentsSha256: sha256,
    argumentsBytes: sizeBytes,
  };
}

/** Characters that may still be written. */
interface Left {
  chars: number;
}

function bounded(value: unknown, depth: number, left: Left): unknown {
  if (typeof value === "string") return boundedText(value, maxTextChars, left);
  if (Array.isArray(value)) return depth >= maxDepth ? "[deeper]" : boundedList(value, depth, left);
  if (isRecord(value)) return depth >= maxDepth ? "[deeper]" : boundedFields(value, depth, left);
  left.chars -= 8;
  return typeof value === "bigint" ? value.toString() : value;
}

function boundedList(list: readonly unknown[], depth: number, left: Left): unknown[] {
  const items: unknown[] = [];
  for (const item of list.slice(0, maxItems)) {
    if (left.chars <= 0) break;
    items.push(bounded(item, depth + 1, left));
  }
  return items.length < list.length ? [...items, `[${list.length - items.length} more]`] : items;
}

function boundedFields(fields: Record<string, unknown>, depth: number, left: Left): Record<string, unknown> {
  const names = Object.keys(fields);
  const kept: [string, unknown][] = [];
  for (const name of names.slice(0, maxItems)) {
    if (left.chars <= 0) break;
    const value = fields[name];
    const shown = boundedText(name, maxNameChars, left);
    kept.push([shown, isSecretName(name) && value != null ? redacted : bounded(value, depth + 1, left)]);
  }
  if (kept.length < names.length) kept.push(["[more]", `[${names.length - kept.length} more]`]);
  // Makes own members of all names, `__proto__` too.
  return Object.fromEntries(kept);
}

/** A text of a record: secrets hidden, then cut. */
export function boundedText(text: string, most: number, left: Left = { chars: most }): string {
  const room = Math.max(0, Math.min(most, left.chars));
  const shown = redactText(text.slice(0, room + lookAheadChars));
  left.chars -= Math.min(shown.length, room) + 2;
  if (text.length <= room && shown.length <= room + lookAheadChars) return shown;
  return `${shown.slice(0, room)}… (${text.length} characters)`;
}
