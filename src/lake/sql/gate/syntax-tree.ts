/** A node of DuckDB's serialised syntax tree (`json_serialize_sql`), fields unchecked. */
export type TreeNode = Record<string, unknown>;

export function isNode(value: unknown): value is TreeNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text field of a node, or nothing where it is absent or empty. */
export function textOf(node: TreeNode, field: string): string {
  const value = node[field];
  return typeof value === "string" ? value : "";
}

/** DuckDB compares names without regard to the case of ASCII letters, and of those only. */
export function foldName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Where offset `position` lies in `sql`, as `line 2, column 5`. Both count from 1. */
export function describePosition(sql: string, position: number): string {
  const before = sql.slice(0, position);
  const lineStart = before.lastIndexOf("\n") + 1;
  return `line ${before.split("\n").length}, column ${position - lineStart + 1}`;
}

/**
 * A node without its place in the text: one the parser made up lies at 2^64 - 1, which JSON in JavaScript does not
 * hold, and which then cannot be read back.
 */
export function withoutPlace(node: TreeNode): TreeNode {
  return "query_location" in node ? { ...node, query_location: 0 } : node;
}

/** The same for a whole tree. */
export function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (!isNode(value)) return value;
  return Object.fromEntries(
    Object.entries(withoutPlace(value)).map(([field, child]) => [field, withoutPlaces(child)]),
  );
}

/** Whether all numbers in a part of a tree came through JSON as they were. */
export function isExact(value: unknown): boolean {
  if (typeof value === "number") return !Number.isInteger(value) || Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isExact);
}
