import { isNode, type TreeNode } from "./syntax-tree.ts";

/** `LIMIT` and `OFFSET` of the outermost query together, where both are plain numbers. */
export function limitOf(statement: TreeNode): number | undefined {
  const query = isNode(statement.node) ? statement.node : statement;
  const modifiers = Array.isArray(query.modifiers) ? query.modifiers.filter(isNode) : [];
  const limit = modifiers.find(({ type }) => type === "LIMIT_MODIFIER");
  if (!limit) return undefined;
  const rows = plainNumber(limit.limit);
  const offset = isNode(limit.offset) ? plainNumber(limit.offset) : 0;
  return rows === undefined || offset === undefined ? undefined : rows + offset;
}

function plainNumber(expression: unknown): number | undefined {
  const value = isNode(expression) && expression.class === "CONSTANT" ? expression.value : undefined;
  const number = isNode(value) ? value.value : undefined;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
