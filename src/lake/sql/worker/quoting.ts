import { ToolError } from "../../../core/errors.ts";

/** A SQL string literal. Throws `invalid_input` for NUL, which ends a statement where it stands. */
export function literal(text: string): string {
  return `'${withoutNul(text).replaceAll("'", "''")}'`;
}

/** A quoted SQL identifier. Throws `invalid_input` for NUL. */
export function identifier(name: string): string {
  return `"${withoutNul(name).replaceAll('"', '""')}"`;
}

/** A SQL list of already quoted items. */
export function list(items: readonly string[]): string {
  return `[${items.join(", ")}]`;
}

function withoutNul(text: string): string {
  if (!text.includes("\0")) return text;
  const shown = JSON.stringify(text.slice(0, 120));
  throw new ToolError("invalid_input", `The name or value ${shown} holds a NUL character, which SQL cannot.`);
}
