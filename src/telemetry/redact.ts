import { isSecretName, redacted, redactText } from "./redact-text.ts";

const maxDepth = 6;
const maxItems = 50;
const maxTextChars = 4_000;
/** Of one event: what refers to itself in many ways would be endless at any depth. */
const maxValues = 2_000;
const maxChars = 64_000;

/** What one event may still take. */
interface Room {
  values: number;
  chars: number;
}

/**
 * A copy of `value` that may be logged: secrets hidden by name and by look, errors as plain objects with their causes,
 * everything bounded. Says where it leaves something out. Never throws.
 */
export function loggable(value: unknown): unknown {
  return copied(value, 0, { values: maxValues, chars: maxChars });
}

function copied(value: unknown, depth: number, room: Room): unknown {
  if (--room.values < 0) return "[more]";
  if (typeof value === "string") return clip(value, room);
  if (typeof value === "bigint") return clip(value.toString(), room);
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) return "[deeper]";
  try {
    return copiedObject(value, depth, room);
  } catch {
    return "[could not be read]";
  }
}

function copiedObject(value: object, depth: number, room: Room): unknown {
  if (value instanceof Error) return copiedError(value, depth, room);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) {
    const items = value.slice(0, maxItems).map((item) => copied(item, depth + 1, room));
    return value.length > maxItems ? [...items, `[${value.length - maxItems} more]`] : items;
  }
  return copiedFields(value, Object.keys(value), depth, room);
}

function copiedFields(value: object, names: readonly string[], depth: number, room: Room) {
  const copy = names
    .slice(0, maxItems)
    .map((name) => [clip(name, room), copiedField(value, name, depth, room)] as const);
  const more = names.length - maxItems;
  // Makes own members of all names, `__proto__` too.
  return Object.fromEntries(more > 0 ? [...copy, ["more", `[${more} more]`] as const] : copy);
}

function copiedField(value: object, name: string, depth: number, room: Room): unknown {
  try {
    const field: unknown = Reflect.get(value, name);
    return isSecretName(name) && field != null ? redacted : copied(field, depth + 1, room);
  } catch {
    return "[could not be read]";
  }
}

const ofErrors = ["name", "message", "stack", "cause"];

function copiedError(error: Error, depth: number, room: Room): Record<string, unknown> {
  const own = Object.keys(error).filter((name) => !ofErrors.includes(name));
  const said = ofErrors.filter((name) => name === "name" || name === "message" || name in error);
  return {
    ...copiedFields(error, said, depth, room),
    ...copiedFields(error, own, depth, room),
  };
}

function clip(text: string, room: Room): string {
  const shown = redactText(text);
  const most = Math.max(0, Math.min(maxTextChars, room.chars));
  room.chars -= Math.min(shown.length, most);
  return shown.length <= most ? shown : `${shown.slice(0, most)}… (${shown.length} characters)`;
}
