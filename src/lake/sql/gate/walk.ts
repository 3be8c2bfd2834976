import { ToolError } from "../../../core/errors.ts";
import { allowedFunctions, allowedTableFunctions } from "./functions.ts";
import { foldName, isNode, type TreeNode, textOf } from "./syntax-tree.ts";

/** Names of the CTEs that can be referred to at one place, folded. */
type CteScope = ReadonlySet<string>;

const queryNodes = new Set(["SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"]);
const expressionClasses = new Set([
  "BETWEEN",
  "CASE",
  "CAST",
  "COLLATE",
  "COLUMN_REF",
  "COMPARISON",
  "CONJUNCTION",
  "CONSTANT",
  "FUNCTION",
  "LAMBDA",
  "LAMBDA_REF",
  "OPERATOR",
  "POSITIONAL_REFERENCE",
  "STAR",
  "SUBQUERY",
  "TYPE",
  "WINDOW",
]);
const plainTableRefs = new Set(["JOIN", "SUBQUERY", "EMPTY", "EXPRESSION_LIST", "PIVOT"]);
const modifiers = new Set([
  "ORDER_MODIFIER",
  "LIMIT_MODIFIER",
  "LIMIT_PERCENT_MODIFIER",
  "DISTINCT_MODIFIER",
]);

/**
 * Walks one statement's tree and refuses whatever could reach past its tables. What is not known here is
 * refused, so a newer grammar cannot open a way. Answers with the tables in FROM, as written, unique.
 * Throws `invalid_input`.
 */
export function tablesOf(statement: TreeNode): string[] {
  const tables = new Set<string>();
  visit(statement, new Set(), tables);
  return [...tables];
}

function visit(value: unknown, scope: CteScope, tables: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, scope, tables);
    return;
  }
  if (!isNode(value)) return;
  if ("cte_map" in value) visitQuery(value, scope, tables);
  else if ("class" in value) visitExpression(value, scope, tables);
  else if ("sample" in value && "query_location" in value) visitTableRef(value, scope, tables);
  else visitPart(value, scope, tables);
}

/** A CTE sees those before it and, where it is recursive, itself in its second half only. */
function visitQuery(node: TreeNode, outer: CteScope, tables: Set<string>): void {
  const type = textOf(node, "type");
  if (!queryNodes.has(type)) refuse(`a ${type} query`);
  const scope = new Set(outer);
  for (const { name, definition } of ctesOf(node)) {
    visit(definition, scope, tables);
    scope.add(name);
  }
  for (const [field, child] of Object.entries(node)) {
    if (field === "cte_map") continue;
    const seesItself = type === "RECURSIVE_CTE_NODE" && field === "right";
    visit(child, seesItself ? new Set([...scope, foldName(textOf(node, "cte_name"))]) : scope, tables);
  }
}

function ctesOf(node: TreeNode): { name: string; definition: unknown }[] {
  const map = isNode(node.cte_map) ? node.cte_map.map : undefined;
  if (!Array.isArray(map)) return refuse("a WITH clause of an unknown form");
  return map.map((entry) => {
    if (!isNode(entry) || typeof entry.key !== "string") return refuse("a WITH clause of an unknown form");
    return { name: foldName(entry.key), definition: entry.value };
  });
}

function visitExpression(node: TreeNode, scope: CteScope, tables: Set<string>): void {
  const kind = textOf(node, "class");
  if (kind === "PARAMETER") refuse("a parameter; write the value itself");
  if (!expressionClasses.has(kind)) refuse(`an expression of class ${kind}`);
  if (kind === "FUNCTION" || kind === "WINDOW") checkFunction(node, allowedFunctions);
  visitChildren(node, scope, tables);
}

function visitTableRef(node: TreeNode, scope: CteScope, tables: Set<string>): void {
  const type = textOf(node, "type");
  if (type === "BASE_TABLE") checkTable(node, scope, tables);
  else if (type === "SHOW_REF") refuse("DESCRIBE, SHOW or SUMMARIZE");
  else if (type !== "TABLE_FUNCTION" && !plainTableRefs.has(type))
    refuse(`a table reference of type ${type}`);
  const call = type === "TABLE_FUNCTION" ? node.function : undefined;
  if (isNode(call)) {
    checkFunction(call, allowedTableFunctions);
    visitChildren(call, scope, tables);
  } else if (type === "TABLE_FUNCTION") refuse("a table function of an unknown form");
  visitChildren(node, scope, tables, "function");
}

/** What is neither query, expression nor table: order lists, CTE wrappers, pivots, constants, types. */
function visitPart(node: TreeNode, scope: CteScope, tables: Set<string>): void {
  const type = textOf(node, "type");
  if (type.endsWith("_MODIFIER") && !modifiers.has(type)) refuse(`a ${type}`);
  if (textOf(node, "pivot_enum") !== "") refuse("a PIVOT without a list of values: add IN (…)");
  if ("table_name" in node || "function_name" in node) refuse(`an unknown construct (${type})`);
  if (type === "UNBOUND_TYPE_INFO" && (textOf(node, "schema") || textOf(node, "catalog"))) {
    refuse("a type with a schema or catalog");
  }
  visitChildren(node, scope, tables);
}

function visitChildren(node: TreeNode, scope: CteScope, tables: Set<string>, except?: string): void {
  for (const [field, child] of Object.entries(node)) if (field !== except) visit(child, scope, tables);
}

function checkTable(node: TreeNode, scope: CteScope, tables: Set<string>): void {
  const name = textOf(node, "table_name");
  const qualifiers = [textOf(node, "catalog_name"), textOf(node, "schema_name")].filter(
    (part) => part !== "",
  );
  if (qualifiers.length > 0) {
    refuse(`the qualified table ${[...qualifiers, name].join(".")}; write 's3://…' paths in quotes`);
  }
  if (isNode(node.at_clause)) refuse("AT (VERSION or TIMESTAMP)");
  if (name === "") refuse("a table with an empty name");
  if (!scope.has(foldName(name))) tables.add(name);
}

function checkFunction(node: TreeNode, allowed: ReadonlySet<string>): void {
  const name = textOf(node, "function_name");
  const schema = textOf(node, "schema");
  // The parser itself writes `main` for functions that stand for syntax, such as [1, 2].
  if ((schema !== "" && schema !== "main") || textOf(node, "catalog") !== "") {
    refuse(`the qualified function ${schema}.${name}`);
  }
  if (allowed.has(foldName(name))) return;
  if (allowed === allowedTableFunctions) {
    const calls = [...allowed].map((one) => `${one}()`).join(", ");
    throw new ToolError(
      "invalid_input",
      `${name}() cannot be used in FROM: write a named table there, or one of ${calls}.`,
    );
  }
  refuse(`the function ${name}()`);
}

function refuse(what: string): never {
  throw new ToolError(
    "invalid_input",
    `The statement uses ${what}, which is not allowed. Allowed is one SELECT over named tables, with CTEs, joins, windows, set operations and pure functions.`,
  );
}
