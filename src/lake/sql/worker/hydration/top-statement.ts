import type { DuckDBConnection } from "@duckdb/node-api";
import { limitOf } from "../../gate/limit.ts";
import { foldName, isNode, type TreeNode, textOf } from "../../gate/syntax-tree.ts";
import type { DescribedTable } from "./sparse-tables.ts";
import { columnNamed, hasNoCte, isEmpty, type StatementTree, sqlWith, treeOf } from "./statement-tree.ts";

/**
 * `SELECT <columns> FROM <table> [WHERE <plain conditions>] ORDER BY <columns> LIMIT <number>`: its result is the same
 * over all rows of the table and over any of them among which are all that may come first.
 */
export interface TopStatement {
  tree: StatementTree;
  limitRows: number;
  hasConditions: boolean;
  keys: SortKey[];
}

export interface SortKey {
  /** As the table has it. */
  column: DescribedTable["columns"][number];
  order: TreeNode;
}

/** Columns in place of those of the statement, from a view in place of its table. */
export interface RowQuery {
  view: string;
  columns: { name: string; alias: string }[];
  orders: TreeNode[];
  limitRows: number;
}

/** Undefined for every statement that is not surely of the form. */
export async function topStatement(
  connection: DuckDBConnection,
  sql: string,
  table: DescribedTable,
): Promise<TopStatement | undefined> {
  const tree = await treeOf(connection, sql);
  if (!tree || !isPlainSelect(tree.node)) return undefined;
  const { from_table: from, where_clause: where, select_list: list } = tree.node;
  if (!isPlainTable(from, table.name) || !Array.isArray(list)) return undefined;
  const columnOf = columnFinder(table, [textOf(from, "alias") || textOf(from, "table_name")]);
  const isListed = list.every((item) => isPlainStar(item) || columnOf(item) !== undefined);
  const limitRows = limitOf(tree.statement);
  const keys = ordersOf(tree.node).map((order) => ({ column: columnOf(order.expression), order }));
  if (!isListed || !limitRows || keys.length === 0 || !isAllFound(keys)) return undefined;
  const hasConditions = isNode(where);
  if (hasConditions && !isPlainCondition(where)) return undefined;
  const given = new Set(list.flatMap((item) => (isNode(item) && foldName(textOf(item, "alias"))) || []));
  if (namesIn([where, ordersOf(tree.node)]).some((name) => given.has(name))) return undefined;
  return { tree, limitRows, hasConditions, keys };
}

/** Undefined where the conditions would not be the same, to the letter, after they were written as SQL and read again. */
export async function rowQuerySql(
  connection: DuckDBConnection,
  { tree }: TopStatement,
  { view, columns, orders, limitRows }: RowQuery,
): Promise<string | undefined> {
  const { node } = tree;
  const from = isNode(node.from_table) ? node.from_table : {};
  const limit = {
    ...columnNamed(""),
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    value: { type: { id: "INTEGER", type_info: null }, is_null: false, value: limitRows },
  };
  const sql = await sqlWith(connection, tree, {
    ...node,
    select_list: columns.map(({ name, alias }) => ({ ...columnNamed(name), alias })),
    from_table: { ...from, table_name: view, alias: textOf(from, "alias") || textOf(from, "table_name") },
    modifiers: [
      { type: "ORDER_MODIFIER", orders },
      { type: "LIMIT_MODIFIER", limit, offset: null },
    ],
  });
  const again = await treeOf(connection, sql);
  const isSame = again && isAlike(again.node.where_clause, node.where_clause);
  return isSame && isAlike(ordersOf(again.node), orders) ? sql : undefined;
}

function isPlainSelect(node: TreeNode): boolean {
  const kinds = Array.isArray(node.modifiers) ? node.modifiers.map((one) => isNode(one) && one.type) : [];
  const isTop = kinds.sort().join() === "LIMIT_MODIFIER,ORDER_MODIFIER" && !hasOffset(node);
  const isUngrouped = isEmpty(node.group_expressions) && isEmpty(node.group_sets);
  const hasMore = [node.having, node.qualify, node.sample].some(isNode) || !hasNoCte(node);
  const isUsual = node.type === "SELECT_NODE" && node.aggregate_handling === "STANDARD_HANDLING";
  return isUsual && isTop && isUngrouped && !hasMore;
}

function hasOffset({ modifiers }: TreeNode): boolean {
  return Array.isArray(modifiers) && modifiers.some((one) => isNode(one) && isNode(one.offset));
}

function isPlainTable(from: unknown, name: string): from is TreeNode {
  if (!isNode(from) || from.type !== "BASE_TABLE") return false;
  const hasMore = isNode(from.sample) || isNode(from.at_clause) || !isEmpty(from.column_name_alias);
  const isBare = textOf(from, "schema_name") === "" && textOf(from, "catalog_name") === "";
  return isBare && !hasMore && foldName(textOf(from, "table_name")) === foldName(name);
}

function isPlainStar(item: unknown): boolean {
  return (
    isNode(item) &&
    item.class === "STAR" &&
    item.columns === false &&
    !isNode(item.expr) &&
    isEmpty(item.replace_list) &&
    isEmpty(item.rename_list)
  );
}

/** Finds the column of the table that an expression is, and nothing but is. */
function columnFinder({ columns }: DescribedTable, tableNames: readonly string[]) {
  const byName = new Map(columns.map((column) => [foldName(column.name), column]));
  const qualifiers = new Set(tableNames.map(foldName));
  return (expression: unknown) => {
    if (!isNode(expression) || expression.class !== "COLUMN_REF") return undefined;
    const names = textsOf(expression.column_names).map(foldName);
    const [first = "", second] = names;
    if (second === undefined) return byName.get(first);
    return names.length === 2 && qualifiers.has(first) && !byName.has(first) ? byName.get(second) : undefined;
  };
}

function ordersOf({ modifiers }: TreeNode): TreeNode[] {
  const all = Array.isArray(modifiers) ? modifiers.filter(isNode) : [];
  return all.flatMap(({ orders }) => (Array.isArray(orders) ? orders.filter(isNode) : []));
}

function isAllFound(keys: { column: SortKey["column"] | undefined }[]): keys is SortKey[] {
  return keys.every(({ column }) => column !== undefined);
}

/** Of the form `a = b`, `NOT`, `IN`, `LIKE`, arithmetic: nothing that depends on more than the row. */
const plainClasses = ["COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "BETWEEN", "OPERATOR"];
const plainFunctions = ["~~", "!~~", "~~*", "!~~*", "+", "-", "*"];
const plainCasts = ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"];

function isPlainCondition(expression: unknown): boolean {
  if (Array.isArray(expression)) return expression.every(isPlainCondition);
  if (!isNode(expression)) return true;
  const { class: kind, children, left, right, input, lower, upper, child, cast_type: type } = expression;
  if (kind === "CAST")
    return (
      isNode(child) && child.class === "CONSTANT" && isNode(type) && plainCasts.includes(String(type.id))
    );
  if (kind === "FUNCTION") {
    const name = textOf(expression, "function_name");
    if (expression.is_operator !== true || !plainFunctions.includes(name)) return false;
  } else if (!plainClasses.includes(String(kind))) return false;
  return [children, left, right, input, lower, upper].every(isPlainCondition);
}

/** Every part of every name. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (!isNode(value)) return [];
  return [...textsOf(value.column_names).map(foldName), ...Object.values(value).flatMap(namesIn)];
}

function isAlike(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
