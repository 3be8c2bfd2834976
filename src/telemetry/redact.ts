/** What stands where a secret was. */
export const redacted = "[hidden]";
const hidden = redacted;

const secretName =
  /authorization|cookie|credential|passw|passphrase|\bpwd\b|secret|signature|api[-_]?key|private[-_]?key|access[-_]?key|(?<!continuation|next|page)token$/i;

/** Whether a field of this name holds a secret, by the look of its name. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Secrets by their own look, wherever they turn up in a line of text. Each runs in linear time. */
const secretTexts: readonly (readonly [RegExp, string])[] = [
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, hidden],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${hidden}`],
  [/\b((?:set-)?cookie["']?\s{0,5}:\s{0,5}["']?)[^\s"']+/gi, `$1${hidden}`],
  [
    /\b(X-Amz-(?:Signature|Credential|Security-Token)["']?\s{0,5}[=:]\s{0,5}["']?)[^&\s"'\\]+/gi,
    `$1${hidden}`,
  ],
  [/\b(Signature|Credential)=[\w/%.+=-]{8,}/g, `$1=${hidden}`],
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/@"'\\:]{0,200}:[^\s"'\\]{1,200}@/gi, `$1${hidden}@`],
  [/(?<![\w-])eyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]+)?/g, hidden],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}-----)?/g, hidden],
  [/\b(?:gh[pousr]_|github_pat_|xox[abprs]-|sk-|dapi)[\w-]{16,}/g, hidden],
  [
    /\b(\w{0,30}(?:passw(?:or)?d|passphrase|pwd|secret|api[-_]?key|access[-_]?key|(?<!continuation|next|page)token)["']?\s{0,5}[=:]\s{0,5}["']?)[^\s"'&,;]+/gi,
    `$1${hidden}`,
  ],
];

/** A part of every text that one of `secretTexts` finds something in: most texts are looked through once, not for each. */
const mayHoldSecret =
  /AKIA|ASIA|bearer|basic|cookie|token|X-Amz-|signature=|credential=|:\/\/|eyJ|PRIVATE KEY|gh[pousr]_|github_pat_|xox|sk-|dapi|passw|passphrase|pwd|secret|api[-_]?key|access[-_]?key/i;

/** A text without what looks like a secret. */
export function redactText(text: string): string {
  if (!mayHoldSecret.test(text)) return text;
  return secretTexts.reduce(
    (redacted, [pattern, replacement]) => redacted.replace(pattern, replacement),
    text,
  );
}

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
    return isSecretName(name) && field != null ? hidden : copied(field, depth + 1, room);
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
