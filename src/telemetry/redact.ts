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
  [/\bBearer\s+[\w.~+/=-]{8,}/gi, `Bearer ${hidden}`],
  [/\b(X-Amz-(?:Signature|Credential|Security-Token))=[^&\s"'\\]+/gi, `$1=${hidden}`],
  [/\b(Signature|Credential)=[\w/%.+=-]{8,}/g, `$1=${hidden}`],
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/)[^\s/@"'\\:]{0,200}:[^\s/@"'\\]{1,200}@/gi, `$1${hidden}@`],
  [/(?<![\w-])eyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]+)?/g, hidden],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}-----)?/g, hidden],
  [/\b(?:gh[pousr]_|github_pat_|xox[abprs]-|sk-|dapi)[\w-]{16,}/g, hidden],
  [
    /\b(\w{0,30}(?:passw(?:or)?d|passphrase|pwd|secret|api[-_]?key|access[-_]?key)["']?\s{0,5}[=:]\s{0,5}["']?)[^\s"'&,;]+/gi,
    `$1${hidden}`,
  ],
];

/** A part of every text that one of `secretTexts` finds something in: most texts are looked through once, not for each. */
const mayHoldSecret =
  /AKIA|ASIA|bearer|X-Amz-|signature=|credential=|:\/\/|eyJ|PRIVATE KEY|gh[pousr]_|github_pat_|xox|sk-|dapi|passw|passphrase|pwd|secret|api[-_]?key|access[-_]?key/i;

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

/**
 * A copy of `value` that may be logged: secrets hidden by name and by look, errors as plain objects with their
 * causes, everything bounded. Says where it leaves something out.
 */
export function loggable(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return clip(redactText(value));
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) return "[deeper]";
  if (value instanceof Error) return loggableError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) {
    const items = value.slice(0, maxItems).map((item) => loggable(item, depth + 1));
    return value.length > maxItems ? [...items, `[${value.length - maxItems} more]`] : items;
  }
  return loggableFields(value, depth);
}

function loggableFields(value: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(value);
  const copy = entries
    .slice(0, maxItems)
    .map(([name, field]) => [
      name,
      isSecretName(name) && field != null ? hidden : loggable(field, depth + 1),
    ]);
  if (entries.length > maxItems) copy.push(["more", `[${entries.length - maxItems} more]`]);
  return Object.fromEntries(copy);
}

function loggableError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...fields } = error;
  return {
    ...loggableFields(fields, depth),
    name,
    message: clip(redactText(String(message))),
    ...(stack === undefined ? {} : { stack: clip(redactText(String(stack))) }),
    ...(cause === undefined ? {} : { cause: loggable(cause, depth + 1) }),
  };
}

function clip(text: string): string {
  return text.length <= maxTextChars ? text : `${text.slice(0, maxTextChars)}… (${text.length} characters)`;
}
