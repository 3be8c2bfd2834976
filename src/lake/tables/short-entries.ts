const maxEntries = 16;
const maxChars = 200;

/** As many entries as a reader looks at, each cut where it is long; `…` says that there is more. */
export function shortEntries(values: Record<string, unknown>, most = maxEntries): Record<string, string> {
  const entries = Object.entries(values).map(([name, value]) => [
    cut(name),
    cut(typeof value === "string" ? value : JSON.stringify(value)),
  ]);
  const left = entries.length - most;
  if (left <= 0) return Object.fromEntries(entries);
  return Object.fromEntries([...entries.slice(0, most), ["…", `${left} more`]]);
}

/** To what a reader looks at. */
export function cut(text: string): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`;
}
