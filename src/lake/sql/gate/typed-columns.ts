import { foldName, isNode, type TreeNode, textOf } from "./syntax-tree.ts";

/** Columns of which a statement's answer depends on whether they are text: their names, folded, or any column. */
export type TypedColumns = readonly string[] | "any";

/** Give one of their values, by the order of its type, or the type itself. */
const byOrder =
  /^(min|max|(min|max)_by|arg_?(min|max)(_nulls?_.*)?|greatest|least|median|quantile.*|list_(sort|min|max).*|array_sort|typeof)$/;
/** Take no text. */
const ofNumbers = /^(sum|avg|mean|fsum|count|count_star|stddev.*|var_.*|variance|corr|covar_.*|regr_.*)$/;

/**
 * Columns that are compared with text, or put in order: `v = '01'`, `ORDER BY v`, `max(v)`. What else depends on a type
 * is an error of the engine, or only shown another way. Names may be more than the columns: of their tables, too.
 */
export function typedColumnsOf(statement: TreeNode): TypedColumns {
  const found: Found = { names: new Set(), aliases: new Map(), isAny: false, isRenamed: false };
  visit(statement, found);
  // Names that are found on the way are looked at in their turn.
  for (const name of found.names) mark(found.aliases.get(name) ?? [], found);
  const isAny = found.isAny || (found.isRenamed && found.names.size > 0);
  return isAny ? "any" : [...found.names];
}

interface Found {
  names: Set<string>;
  /** What stands for a name that the statement gives. */
  aliases: Map<string, TreeNode[]>;
  isAny: boolean;
  /** Columns have names from a list, or by the place they stand at. */
  isRenamed: boolean;
}

function visit(value: unknown, found: Found, selected: readonly unknown[] = []): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, found, selected);
    return;
  }
  if (!isNode(value)) return;
  const alias = foldName(textOf(value, "alias"));
  if (alias !== "") found.aliases.set(alias, [...(found.aliases.get(alias) ?? []), value]);
  found.isRenamed ||= renames(value);
  if (isComparison(value) && hasText(value)) mark(value, found);
  if (byOrder.test(foldName(textOf(value, "function_name")))) mark(value.children, found);
  const own = "select_list" in value ? listOf(value.select_list) : selected;
  for (const order of listOf(value.orders)) if (isNode(order)) markOrder(order.expression, own, found);
  for (const child of Object.values(value)) visit(child, found, own);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function renames(node: TreeNode): boolean {
  const lists = [node.column_name_alias, node.aliases, node.rename_list];
  const isByPlace = /^(SET_OPERATION_NODE|RECURSIVE_CTE_NODE|PIVOT)$/.test(textOf(node, "type"));
  return isByPlace || lists.some((list) => listOf(list).length > 0);
}

function isComparison(node: TreeNode): boolean {
  return (
    /^(COMPARISON|BETWEEN)$/.test(textOf(node, "class")) ||
    /^COMPARE_(NOT_)?IN$/.test(textOf(node, "type")) ||
    (textOf(node, "class") === "SUBQUERY" && isNode(node.child))
  );
}

/** A text that is cast to something else is none. */
function hasText(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasText);
  if (!isNode(value)) return false;
  const type =
    textOf(value, "class") === "CONSTANT" && isNode(value.value) ? value.value.type : value.cast_type;
  if (isNode(type)) return textOf(type, "id") === "VARCHAR";
  return Object.values(value).some(hasText);
}

/** By its place in the list, or all of that. */
function markOrder(expression: unknown, selected: readonly unknown[], found: Found): void {
  if (!isNode(expression)) return;
  const kind = textOf(expression, "class");
  if (kind === "STAR") mark(selected, found);
  else if (kind === "CONSTANT" && isNode(expression.value))
    mark(selected[Number(expression.value.value) - 1], found);
  else mark(expression, found);
}

function mark(value: unknown, found: Found): void {
  if (Array.isArray(value)) {
    for (const item of value) mark(item, found);
    return;
  }
  if (!isNode(value) || ofNumbers.test(foldName(textOf(value, "function_name")))) return;
  if (textOf(value, "class") === "STAR") found.isAny = true;
  if (textOf(value, "class") === "COLUMN_REF") {
    for (const name of listOf(value.column_names)) found.names.add(foldName(String(name)));
  }
  for (const child of Object.values(value)) mark(child, found);
}
