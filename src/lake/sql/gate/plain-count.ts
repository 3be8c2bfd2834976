import type { StatementPlan } from "../engine.ts";
import { isPlainSelect } from "./plain-limit.ts";
import { conditionOn } from "./row-conditions.ts";
import { isNode, type TreeNode, textOf } from "./syntax-tree.ts";

/**
 * What `SELECT count(*) FROM t` counts, with or without `AS n`, and with a plain WHERE or none. Nothing for every
 * statement that has more to it.
 */
export function plainCountOf({ node }: TreeNode): Pick<StatementPlan, "count"> {
  if (!isNode(node) || !isPlainSelect({ ...node, where_clause: null })) return {};
  const { select_list: list, modifiers, from_table: from, where_clause: where } = node;
  const [item, ...others] = Array.isArray(list) ? list : [];
  const hasModifiers = Array.isArray(modifiers) && modifiers.length > 0;
  if (others.length > 0 || hasModifiers || !isNode(item) || !isCountOfRows(item)) return {};
  const name = textOf(item, "alias") || "count_star()";
  if (!isNode(where)) return { count: { name } };
  const condition = isNode(from) ? conditionOn(from, where) : undefined;
  return condition ? { count: { name, where: condition } } : {};
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
