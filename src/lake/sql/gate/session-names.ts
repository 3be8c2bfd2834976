import { foldName, isNode, type TreeNode, textOf } from "./syntax-tree.ts";

/** Names the engine answers with facts of its own session where no column is called so. It calls them functions. */
const sessionNames: ReadonlySet<string> = new Set([
  "user",
  "current_user",
  "session_user",
  "current_role",
  "current_catalog",
  "current_schema",
]);

/**
 * Session names the statement uses alone (`user`, not `t.user`) and gives to no column of its own. They mean a
 * column where a table has it: whether one has is known when the tables are. Folded, unique.
 */
export function sessionNamesOf(statement: TreeNode): string[] {
  const used = new Set<string>();
  const given = new Set<string>();
  collect(statement, used, given);
  return [...used].filter((name) => !given.has(name));
}

function collect(value: unknown, used: Set<string>, given: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, used, given);
    return;
  }
  if (!isNode(value)) return;
  const name = sessionName(value);
  if (name !== undefined) used.add(name);
  else for (const alias of aliasesOf(value)) given.add(foldName(alias));
  for (const child of Object.values(value)) collect(child, used, given);
}

function sessionName(node: TreeNode): string | undefined {
  if (node.class !== "COLUMN_REF" || !Array.isArray(node.column_names)) return undefined;
  const [name, ...further] = node.column_names;
  const isAlone = typeof name === "string" && further.length === 0 && sessionNames.has(foldName(name));
  return isAlone ? foldName(name) : undefined;
}

/** Names of columns come with an expression's alias, a table's list of them, a CTE's, an UNPIVOT's. */
function aliasesOf(node: TreeNode): string[] {
  const lists = [node.column_name_alias, node.aliases, node.unpivot_names].filter(Array.isArray).flat();
  return [textOf(node, "alias"), ...lists].filter((name) => typeof name === "string");
}
