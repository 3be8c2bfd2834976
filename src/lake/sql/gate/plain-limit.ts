import { limitOf } from "./limit.ts";
import { isNode, type TreeNode, textOf } from "./syntax-tree.ts";

const plainParts = ["where_clause", "having", "qualify", "sample"];

/**
 * The `n` of `SELECT * FROM t LIMIT n`, or of columns in place of the star: any rows of the table in their order are
 * its answer. Nothing for every statement that has more to it.
 */
export function plainLimitOf(statement: TreeNode): { firstRows?: number } {
  const { node } = statement;
  const isRows = isNode(node) && Array.isArray(node.select_list) && node.select_list.every(isPlainColumn);
  const isAlone = isRows && isPlainSelect(node) && endsInLimitAlone(node);
  const firstRows = isAlone ? limitOf(statement) : undefined;
  return firstRows === undefined ? {} : { firstRows };
}

/** Whether a query is a list, and one table it is of, but for what stands at its end. */
export function isPlainSelect(node: TreeNode): boolean {
  if (textOf(node, "type") !== "SELECT_NODE") return false;
  const { from_table: from, group_expressions: groups, cte_map: ctes } = node;
  return (
    isNode(from) &&
    textOf(from, "type") === "BASE_TABLE" &&
    !isNode(from.sample) &&
    isEmptyList(from.column_name_alias) &&
    isEmptyList(groups) &&
    isNode(ctes) &&
    isEmptyList(ctes.map) &&
    textOf(node, "aggregate_handling") === "STANDARD_HANDLING" &&
    plainParts.every((part) => !isNode(node[part]))
  );
}

function isPlainColumn(item: unknown): boolean {
  if (!isNode(item)) return false;
  if (textOf(item, "class") === "COLUMN_REF") return true;
  return (
    textOf(item, "class") === "STAR" &&
    item.columns !== true &&
    !isNode(item.expr) &&
    isEmptyList(item.replace_list)
  );
}

function isEmptyList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

function endsInLimitAlone({ modifiers }: TreeNode): boolean {
  const [modifier, ...others] = Array.isArray(modifiers) ? modifiers : [];
  return others.length === 0 && isNode(modifier) && !isNode(modifier.offset);
}
