import type { DuckDBConnection } from "@duckdb/node-api";
import { isExact, isNode, type TreeNode, withoutPlaces } from "../../gate/syntax-tree.ts";

/** A statement in the engine's serialised form. */
export interface StatementTree {
  root: TreeNode;
  statement: TreeNode;
  /** Of the outermost query. */
  node: TreeNode;
}

/** Undefined for a statement that JavaScript cannot hold digit for digit, and for what is no statement. */
export async function treeOf(connection: DuckDBConnection, sql: string): Promise<StatementTree | undefined> {
  const text = await scalar(connection, "SELECT json_serialize_sql($1::VARCHAR)", sql);
  const root = withoutPlaces(JSON.parse(text));
  const [statement] = isNode(root) && Array.isArray(root.statements) ? root.statements.filter(isNode) : [];
  const node = statement?.node;
  if (!isNode(root) || !statement || !isNode(node) || !isExact(node)) return undefined;
  return { root, statement, node };
}

/** The statement with another query in place of its own. */
export function sqlWith(
  connection: DuckDBConnection,
  { root, statement }: StatementTree,
  node: TreeNode,
): Promise<string> {
  const changed = { ...root, statements: [{ ...statement, node }] };
  return scalar(connection, "SELECT json_deserialize_sql($1::JSON)", JSON.stringify(changed));
}

export function columnNamed(name: string): TreeNode {
  return { class: "COLUMN_REF", type: "COLUMN_REF", alias: "", query_location: 0, column_names: [name] };
}

export function hasNoCte({ cte_map: ctes }: TreeNode): boolean {
  return !isNode(ctes) || isEmpty(ctes.map);
}

export function isEmpty(value: unknown): boolean {
  return !Array.isArray(value) || value.length === 0;
}

async function scalar(connection: DuckDBConnection, sql: string, value: string): Promise<string> {
  const reader = await connection.runAndReadAll(sql, [value]);
  return String(reader.getRows()[0]?.[0]);
}
