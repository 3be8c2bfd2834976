import { isPlainSelect } from "./plain-limit.ts";
import { isNode, type TreeNode, textOf } from "./syntax-tree.ts";

/** The column's name of `SELECT count(*) FROM t`, with or without `AS n`. Nothing for every statement that has more to it. */
export function plainCountOf({ node }: TreeNode): { countAs?: string } {
  if (!isNode(node) || !isPlainSelect(node)) return {};
  const [item, ...others] = Array.isArray(node.select_list) ? node.select_list : [];
  const hasModifiers = Array.isArray(node.modifiers) && node.modifiers.length > 0;
  if (others.length > 0 || hasModifiers || !isNode(item) || !isCountOfRows(item)) return {};
  return { countAs: textOf(item, "alias") || "count_star()" };
}

function isCountOfRows(item: TreeNode): boolean {
  const { children, filter, distinct, order_bys: order } = item;
  const isOrdered = isNode(order) && Array.isArray(order.orders) && order.orders.length > 0;
  return (
    textOf(item, "class") === "FUNCTION" &&
    textOf(item, "function_name") === "count_star" &&
    Array.isArray(children) &&
    children.length === 0 &&
    !isNode(filter) &&
    distinct !== true &&
    !isOrdered
  );
}
