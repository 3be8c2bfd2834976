import { foldName, isNode, type TreeNode, textOf } from "./syntax-tree.ts";

/** Types whose values are put in order alike whichever of them they are compared as. */
export type ValueKind = "exact" | "floating" | "text" | "time";

/** Columns that stand for one whose values are known by their bounds alone. Their names. */
export interface BoundedColumn {
  /** Undefined where its bounds are of no use. */
  kind: ValueKind | undefined;
  /** Nothing is less, nothing greater; NULL where that is not known. Of floating numbers NaN may be greater. */
  least: string;
  greatest: string;
  /** Whether some value may be there, or a NULL. Never NULL. */
  hasValues: string;
  hasNulls: string;
}

/** What is known of columns, by their folded names: `same` of those that are there themselves. */
export type KnownColumns = ReadonlyMap<string, BoundedColumn | "same">;

/**
 * A condition over bounds that holds wherever some row within them may meet `tree`. Undefined where nothing can be
 * said, as of all but comparisons of a column with constants, and IS NULL, joined by AND and OR.
 */
export function mayHold(tree: TreeNode, columns: KnownColumns): TreeNode | undefined {
  if (columnsIn(tree).every((name) => columns.get(name) === "same")) return tree;
  const children = childrenOf(tree);
  switch (textOf(tree, "type")) {
    case "CONJUNCTION_AND":
      return joined("AND", known(children.map((child) => mayHold(child, columns))));
    case "CONJUNCTION_OR": {
      const any = children.map((child) => mayHold(child, columns));
      return any.includes(undefined) ? undefined : joined("OR", known(any));
    }
    case "OPERATOR_IS_NULL":
      return ofNulls(children, columns, "hasNulls");
    case "OPERATOR_IS_NOT_NULL":
      return ofNulls(children, columns, "hasValues");
    case "COMPARE_IN":
      return isOneOf(children, columns);
    case "COMPARE_BETWEEN":
      return isBetween(tree, columns);
    default:
      return compares(tree, columns);
  }
}

function ofNulls(
  [operand]: readonly TreeNode[],
  columns: KnownColumns,
  which: "hasNulls" | "hasValues",
): TreeNode | undefined {
  const column = operand && boundedColumn(operand, columns);
  return column && columnNamed(column[which]);
}

const mirrored: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: "COMPARE_EQUAL",
  COMPARE_LESSTHAN: "COMPARE_GREATERTHAN",
  COMPARE_LESSTHANOREQUALTO: "COMPARE_GREATERTHANOREQUALTO",
  COMPARE_GREATERTHAN: "COMPARE_LESSTHAN",
  COMPARE_GREATERTHANOREQUALTO: "COMPARE_LESSTHANOREQUALTO",
};

function compares(tree: TreeNode, columns: KnownColumns): TreeNode | undefined {
  const { left, right } = tree;
  const type = textOf(tree, "type");
  const other = mirrored[type];
  if (other === undefined || !isNode(left) || !isNode(right)) return undefined;
  const column = boundedColumn(left, columns);
  if (column) return within(column, type, right);
  const second = boundedColumn(right, columns);
  return second && within(second, other, left);
}

/** One kind only: of several the engine makes one, by which they may all compare in another way than each alone. */
function isOneOf([operand, ...values]: readonly TreeNode[], columns: KnownColumns): TreeNode | undefined {
  const column = operand && boundedColumn(operand, columns);
  const [first] = values;
  if (!column || !first || values.some((value) => kindOf(value) !== kindOf(first))) return undefined;
  const any = values.map((value) => within(column, "COMPARE_EQUAL", value));
  return any.includes(undefined) ? undefined : joined("OR", known(any));
}

function isBetween({ input, lower, upper }: TreeNode, columns: KnownColumns): TreeNode | undefined {
  const column = isNode(input) ? boundedColumn(input, columns) : undefined;
  if (!column || !isNode(lower) || !isNode(upper) || kindOf(lower) !== kindOf(upper)) return undefined;
  if (!isComparable(column, lower) || !isComparable(column, upper)) return undefined;
  // NaN is not below the upper end, which is a number.
  return joined("AND", [
    columnNamed(column.hasValues),
    unlessUnknown(column.greatest, "COMPARE_GREATERTHANOREQUALTO", lower),
    unlessUnknown(column.least, "COMPARE_LESSTHANOREQUALTO", upper),
  ]);
}

/** `column` compared with a constant by `type`. */
function within(column: BoundedColumn, type: string, value: TreeNode): TreeNode | undefined {
  if (!isComparable(column, value)) return undefined;
  const parts = [columnNamed(column.hasValues)];
  const isAbove = type.startsWith("COMPARE_GREATERTHAN");
  const isBelow = type.startsWith("COMPARE_LESSTHAN");
  if (isAbove && column.kind !== "floating") parts.push(unlessUnknown(column.greatest, type, value));
  if (isBelow) parts.push(unlessUnknown(column.least, type, value));
  if (!isAbove && !isBelow) {
    parts.push(unlessUnknown(column.greatest, "COMPARE_GREATERTHANOREQUALTO", value));
    parts.push(unlessUnknown(column.least, "COMPARE_LESSTHANOREQUALTO", value));
  }
  return joined("AND", parts);
}

/** Whether the engine compares the column with it in the column's own order. */
function isComparable({ kind }: BoundedColumn, value: TreeNode): boolean {
  const other = kindOf(value);
  if (kind === "exact") return other === "exact" || other === "floating" || other === "text";
  // A text may be the word for NaN.
  if (kind === "floating") return other === "exact" || other === "floating";
  if (kind === "time") return other === "time" || other === "text";
  return kind === "text" && other === "text";
}

const exactTypes = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|(INTEGER|BIGINT)_LITERAL|DECIMAL)$/;
const timeTypes = /^(DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE|TIMESTAMP_(S|MS|NS))$/;

/**
 * Of a constant as it is written, which the engine takes as the other side's type where it is a text; of one that is
 * cast to a time; and of a time with something added.
 */
function kindOf(value: TreeNode): ValueKind | undefined {
  const kind = textOf(value, "class");
  if (kind === "CONSTANT") return isNode(value.value) ? kindOfConstant(value.value) : undefined;
  if (kind === "CAST") {
    const isPlain = value.try_cast !== true && isNode(value.child) && columnsIn(value.child).length === 0;
    return isPlain && isNode(value.cast_type) && timeTypes.test(textOf(value.cast_type, "id"))
      ? "time"
      : undefined;
  }
  if (kind === "FUNCTION" && /^[+-]$/.test(textOf(value, "function_name"))) {
    const [first, second, ...others] = childrenOf(value);
    const isSum = first && second && others.length === 0 && columnsIn(second).length === 0;
    return isSum && kindOf(first) === "time" && kindOf(second) !== "time" ? "time" : undefined;
  }
  return undefined;
}

function kindOfConstant({ type, value, is_null: isNull }: TreeNode): ValueKind | undefined {
  const name = isNode(type) ? textOf(type, "id") : "";
  if (isNull === true) return undefined;
  if (exactTypes.test(name)) return "exact";
  if (name === "VARCHAR") return "text";
  return name === "DOUBLE" && typeof value === "number" && Number.isFinite(value) ? "floating" : undefined;
}

function boundedColumn(tree: TreeNode, columns: KnownColumns): BoundedColumn | undefined {
  if (textOf(tree, "class") !== "COLUMN_REF") return undefined;
  const [name] = columnsIn(tree);
  const column = name === undefined ? undefined : columns.get(name);
  return column === "same" ? undefined : column;
}

/** Folded names of the columns of a row's condition, which have no table's name before them. */
function columnsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(columnsIn);
  if (!isNode(value)) return [];
  if (textOf(value, "class") !== "COLUMN_REF") return Object.values(value).flatMap(columnsIn);
  return Array.isArray(value.column_names) ? [foldName(value.column_names.map(String).join("."))] : [];
}

function childrenOf({ children }: TreeNode): TreeNode[] {
  return Array.isArray(children) ? children.filter(isNode) : [];
}

function known(conditions: readonly (TreeNode | undefined)[]): TreeNode[] {
  return conditions.filter((condition) => condition !== undefined);
}

function node(kind: string, type: string, more: TreeNode): TreeNode {
  return { class: kind, type, alias: "", query_location: 0, ...more };
}

function columnNamed(name: string): TreeNode {
  return node("COLUMN_REF", "COLUMN_REF", { column_names: [name] });
}

function joined(by: "AND" | "OR", children: readonly TreeNode[]): TreeNode | undefined {
  return children.length > 1 ? node("CONJUNCTION", `CONJUNCTION_${by}`, { children }) : children[0];
}

function unlessUnknown(name: string, type: string, right: TreeNode): TreeNode {
  const left = columnNamed(name);
  const isUnknown = node("OPERATOR", "OPERATOR_IS_NULL", { children: [left] });
  return node("CONJUNCTION", "CONJUNCTION_OR", {
    children: [isUnknown, node("COMPARISON", type, { left, right })],
  });
}
