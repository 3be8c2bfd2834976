import type { DuckDBConnection } from "@duckdb/node-api";
import { foldName, isNode, type TreeNode, textOf } from "../../gate/syntax-tree.ts";
import type { FileReads, JobScan, RunJob } from "../../protocol.ts";
import { rowNumbersViewSql } from "../views.ts";
import { explain, type StatementNeeds } from "./explain.ts";
import { planReads } from "./plan-reads.ts";
import { readsOfRows } from "./reads-of-rows.ts";
import type { DescribedTable } from "./sparse-tables.ts";
import { columnNamed, hasNoCte, isEmpty, sqlWith, treeOf } from "./statement-tree.ts";
import { type Fetch, NotFetched, runVerified, type VerifiedRun } from "./verified-run.ts";

const viewName = "_sluice_row_numbers";
const rowNumberColumns = ["_sluice_file", "_sluice_row"] as const;
/** Rows are told by stretches of so many: of thousands of rows few words. */
const stretchRows = 2_048;

/**
 * For `SELECT … FROM t WHERE … ORDER BY a LIMIT n` over one table, of which the engine reads first what decides the rows: which rows these are, found by the columns that decide it,
 * so that of the others only those rows' row groups need be read. Answers with what is then to be read; undefined
 * for statements of another form. Fetches what finding the rows takes. Rows that tie may turn out to be others.
 */
export async function readsOfTopRows(
  connection: DuckDBConnection,
  job: RunJob,
  tables: readonly DescribedTable[],
  needs: StatementNeeds,
  fetch: Fetch,
): Promise<FileReads[] | undefined> {
  const [table] = tables;
  if (!needs.isReadTwice || !table || tables.length > 1 || job.tables.length > 1) return undefined;
  const scan = job.tables[table.index]?.scan;
  const found = scan && !scan.view && (await rowNumbersPlan(connection, job.sql, table, scan, fetch));
  if (!found) return undefined;
  await fetch(found.planned);
  const [path, row] = rowNumberColumns;
  const stretches = `SELECT DISTINCT ${path}, ${row} // ${stretchRows} FROM (${found.sql})`;
  const run = async () => (await connection.runAndReadAll(stretches)).getRows();
  const rows = await rowsOf({ connection, job, tables, fetch, run });
  if (!rows) return undefined;
  const numbered = rows.map(([path, stretch]) => ({
    file: table.files.get(String(path)) ?? -1,
    first: Number(stretch) * stretchRows,
    last: (Number(stretch) + 1) * stretchRows - 1,
  }));
  return readsOfRows(connection, table, needs, numbered);
}

/** Undefined where the statement fails: it fails again when it is run for its rows, and is then told. */
async function rowsOf(verified: VerifiedRun<unknown[][]>): Promise<unknown[][] | undefined> {
  try {
    return (await runVerified(verified)).value;
  } catch (thrown) {
    if (thrown instanceof NotFetched) throw thrown;
    return undefined;
  }
}

/** Undefined for a statement that cannot be put so: it is planned as any other. */
async function rowNumbersPlan(
  connection: DuckDBConnection,
  sql: string,
  table: DescribedTable,
  scan: JobScan,
  fetch: Fetch,
): Promise<{ sql: string; planned: FileReads[] } | undefined> {
  try {
    const asked = await rowNumbersSql(connection, sql, table);
    if (asked === undefined) return undefined;
    await connection.run(rowNumbersViewSql(viewName, scan, rowNumberColumns));
    return {
      sql: asked,
      planned: await planReads(connection, [table], await explain(connection, asked), { fetch }),
    };
  } catch (thrown) {
    if (thrown instanceof NotFetched) throw thrown;
    return undefined;
  }
}

/** The statement with the place of each row in its file in place of its columns. */
async function rowNumbersSql(
  connection: DuckDBConnection,
  sql: string,
  { name }: DescribedTable,
): Promise<string | undefined> {
  const tree = await treeOf(connection, sql);
  if (!tree || !isTopRowsOf(tree.node, name)) return undefined;
  const from = isNode(tree.node.from_table) ? tree.node.from_table : {};
  return sqlWith(connection, tree, {
    ...tree.node,
    select_list: rowNumberColumns.map(columnNamed),
    from_table: { ...from, table_name: viewName, alias: textOf(from, "alias") || textOf(from, "table_name") },
  });
}

function isTopRowsOf(node: TreeNode, table: string): boolean {
  const { from_table: from, modifiers, select_list: list } = node;
  if (
    textOf(node, "type") !== "SELECT_NODE" ||
    !isNode(from) ||
    !Array.isArray(modifiers) ||
    !Array.isArray(list)
  )
    return false;
  const isTable =
    textOf(from, "type") === "BASE_TABLE" && foldName(textOf(from, "table_name")) === foldName(table);
  const isPlain =
    isEmpty(node.group_expressions) && !isNode(node.having) && !isNode(node.qualify) && hasNoCte(node);
  const kinds = modifiers.map((modifier) => (isNode(modifier) ? textOf(modifier, "type") : "")).sort();
  const isTop = ["LIMIT_MODIFIER", "LIMIT_MODIFIER,ORDER_MODIFIER"].includes(kinds.join());
  return isTable && isPlain && isTop && !hasSubquery(node) && isOrderedByColumns(modifiers, list);
}

function hasSubquery(node: TreeNode): boolean {
  return JSON.stringify([node.select_list, node.where_clause]).includes('"class":"SUBQUERY"');
}

/** By columns of the table: a name that the list gives to something else would be ordered by that. */
function isOrderedByColumns(modifiers: readonly unknown[], list: readonly unknown[]): boolean {
  const renamed = new Set(list.filter(isNode).map((item) => foldName(textOf(item, "alias"))));
  const orders = modifiers.flatMap((modifier) =>
    isNode(modifier) && Array.isArray(modifier.orders) ? modifier.orders : [],
  );
  return orders.every((order) => {
    const expression = isNode(order) ? order.expression : undefined;
    if (!isNode(expression) || textOf(expression, "class") !== "COLUMN_REF") return false;
    const names = Array.isArray(expression.column_names) ? expression.column_names : [];
    return !renamed.has(foldName(String(names.at(-1))));
  });
}
