import { foldName, isExact, isNode, type TreeNode, textOf, withoutPlace } from "./syntax-tree.ts";

/** A condition that every row a table gives to the result must meet. */
export interface RowCondition {
  /** Columns of the table it looks at, as written; nothing else decides it. */
  columns: string[];
  /** The expression in the engine's serialised form, its columns without their table's name. */
  tree: TreeNode;
}

/** One place of a statement that reads a table, and what its rows must meet there. None: all rows may count. */
export interface TableReading {
  table: string;
  conditions: RowCondition[];
}

/**
 * Every place that reads a table, with conditions that are sure to hold of each row that counts there: parts of WHERE
 * and of inner joins' ON, joined by AND, that compare the table's own columns with constants. What is not plain is left out.
 */
export function readingsOf(statement: TreeNode): TableReading[] {
  const readings: TableReading[] = [];
  visit(statement, readings);
  // A table in a place that is not known here could be missing among the readings: then none of them says anything.
  const isWhole = readings.length === tableCount(statement);
  return isWhole ? readings : readings.map(({ table }) => ({ table, conditions: [] }));
}

function tableCount(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + tableCount(item), 0);
  if (!isNode(value)) return 0;
  const own = textOf(value, "type") === "BASE_TABLE" ? 1 : 0;
  return Object.values(value).reduce<number>((sum, child) => sum + tableCount(child), own);
}

function visit(value: unknown, readings: TableReading[]): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, readings);
    return;
  }
  if (!isNode(value)) return;
  const isSelect = textOf(value, "type") === "SELECT_NODE" && "from_table" in value;
  if (isSelect)
    readFrom(
      value.from_table,
      { conditions: allOf(value.where_clause), isAlone: true, isSampled: isNode(value.sample) },
      readings,
    );
  for (const [field, child] of Object.entries(value)) {
    // The tables of FROM are told above; what is inside its subqueries and conditions is told on the way down.
    if (isSelect && field === "from_table") visitInside(child, readings);
    else visit(child, readings);
  }
}

interface Reach {
  /** Hold of every row of the result. */
  conditions: readonly TreeNode[];
  /** A column without a table's name can only be this one's. */
  isAlone: boolean;
  isSampled: boolean;
}

/** Rows of which nothing is known, or which count whether they meet a condition or not. */
const unknownRows: Reach = { conditions: [], isAlone: false, isSampled: true };

function readFrom(from: unknown, reach: Reach, readings: TableReading[]): void {
  if (!isNode(from)) return;
  const type = textOf(from, "type");
  if (type === "BASE_TABLE") readings.push(readingOf(from, reach));
  if (type === "PIVOT") readFrom(from.source, unknownRows, readings);
  if (type !== "JOIN") return;
  const [kind, form] = [textOf(from, "join_type"), textOf(from, "ref_type")];
  const isPlain = form === "REGULAR" || form === "CROSS";
  const isInner = isPlain && kind === "INNER";
  const joined = { ...reach, isAlone: false };
  const inner = { ...joined, conditions: [...reach.conditions, ...allOf(from.condition)] };
  readFrom(from.left, isInner ? inner : isPlain && kind === "LEFT" ? joined : unknownRows, readings);
  readFrom(from.right, isInner ? inner : unknownRows, readings);
}

/** Fields of a table reference that are table references. */
const tableParts: Readonly<Record<string, readonly string[]>> = {
  JOIN: ["left", "right"],
  PIVOT: ["source"],
};

/** Subqueries in FROM, and in conditions of joins. */
function visitInside(from: unknown, readings: TableReading[]): void {
  if (!isNode(from) || textOf(from, "type") === "BASE_TABLE") return;
  const parts = tableParts[textOf(from, "type")] ?? [];
  for (const [field, child] of Object.entries(from)) {
    if (parts.includes(field)) visitInside(child, readings);
    else visit(child, readings);
  }
}

/** What a WHERE says of each row of the one table it is of; undefined where it is not plain. */
export function conditionOn(from: TreeNode, where: TreeNode): RowCondition | undefined {
  return conditionOf(where, ownName(from), true);
}

function ownName(from: TreeNode): string {
  return foldName(textOf(from, "alias") || textOf(from, "table_name"));
}

function readingOf(from: TreeNode, { conditions, isAlone, isSampled }: Reach): TableReading {
  const table = textOf(from, "table_name");
  const renamed = Array.isArray(from.column_name_alias) && from.column_name_alias.length > 0;
  if (isSampled || isNode(from.sample) || renamed) return { table, conditions: [] };
  const own = ownName(from);
  const found = conditions.map((tree) => conditionOf(tree, own, isAlone));
  return { table, conditions: found.filter((condition) => condition !== undefined) };
}

function allOf(condition: unknown): TreeNode[] {
  if (!isNode(condition)) return [];
  const isAnd = textOf(condition, "type") === "CONJUNCTION_AND" && Array.isArray(condition.children);
  return isAnd ? (condition.children as unknown[]).flatMap(allOf) : [condition];
}

const plainClasses = new Set([
  "BETWEEN",
  "CASE",
  "CAST",
  "COMPARISON",
  "CONJUNCTION",
  "CONSTANT",
  "FUNCTION",
  "OPERATOR",
]);
/** Give another value each time, or at another time. */
const inconstant =
  /^(random|uuid.*|gen_random_uuid|now|today|age|ago|current_.*|get_current_.*|transaction_timestamp)$/;

function conditionOf(tree: TreeNode, own: string, isAlone: boolean): RowCondition | undefined {
  const columns = new Set<string>();
  const bare = withoutTable(tree, own, isAlone, columns);
  return isNode(bare) && columns.size > 0 ? { columns: [...columns], tree: bare } : undefined;
}

/** A copy with bare column names; undefined where something in it is not plain. */
function withoutTable(value: unknown, own: string, isAlone: boolean, columns: Set<string>): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => withoutTable(item, own, isAlone, columns));
    return items.includes(undefined) ? undefined : items;
  }
  if (!isNode(value)) return value;
  const kind = textOf(value, "class");
  if (kind === "COLUMN_REF") return bareColumn(value, own, isAlone, columns);
  if (kind !== "" && !plainClasses.has(kind)) return undefined;
  if (kind === "FUNCTION" && inconstant.test(foldName(textOf(value, "function_name")))) return undefined;
  // Of a constant, its value and type, which are no expressions.
  if (kind === "CONSTANT") return isExact(value.value) ? { ...value, query_location: 0 } : undefined;
  const copy: TreeNode = {};
  for (const [field, child] of Object.entries(withoutPlace(value))) {
    const bare = withoutTable(child, own, isAlone, columns);
    if (bare === undefined) return undefined;
    copy[field] = bare;
  }
  return copy;
}

function bareColumn(
  value: TreeNode,
  own: string,
  isAlone: boolean,
  columns: Set<string>,
): TreeNode | undefined {
  const names = Array.isArray(value.column_names) ? value.column_names.map(String) : [];
  const [first = "", second] = names;
  const isOwn = names.length === 2 ? foldName(first) === own : names.length === 1 && isAlone;
  if (!isOwn) return undefined;
  const name = second ?? first;
  columns.add(name);
  return { ...withoutPlace(value), column_names: [name] };
}
