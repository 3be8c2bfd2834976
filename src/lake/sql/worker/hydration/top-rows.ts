import type { DuckDBConnection } from "@duckdb/node-api";
import { foldName, isNode, type TreeNode, textOf } from "../../gate/syntax-tree.ts";
import type { FileReads, JobScan, RunJob } from "../../protocol.ts";
import { rowNumbersViewSql } from "../views.ts";
import { type Chunk, chunksOf } from "./chunks.ts";
import { explain, type StatementNeeds } from "./explain.ts";
import { planReads } from "./plan-reads.ts";
import { columnsNeeded, type DescribedTable, ReadList } from "./sparse-tables.ts";
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
  const found = scan && !scan.delta && (await rowNumbersPlan(connection, job.sql, table, scan));
  if (!found) return undefined;
  await fetch(found.planned);
  const [path, row] = rowNumberColumns;
  const stretches = `SELECT DISTINCT ${path}, ${row} // ${stretchRows} FROM (${found.sql})`;
  const run = async () => (await connection.runAndReadAll(stretches)).getRows();
  const rows = await rowsOf({ connection, job, tables, fetch, run });
  if (!rows) return undefined;
  const columns = new Set(needs.scans.flatMap((scan) => columnsNeeded(table, scan) ?? []));
  const chunks = await chunksOf(connection, {
    files: table.files,
    columns: [...columns],
    condition: undefined,
  });
  const reads = new ReadList();
  for (const { file, start, end } of chunksWithRows(chunks, table, rows)) {
    reads.add(table.index, file, start, end);
  }
  return reads.toArray();
}

/** Chunks of row groups that a stretch reaches into. `stretches`: a file's path, and the number of one of its stretches. */
function chunksWithRows(
  chunks: readonly Chunk[],
  { files }: DescribedTable,
  stretches: readonly (readonly unknown[])[],
): Chunk[] {
  const wanted = new Map<number, Set<number>>();
  for (const [path, stretch] of stretches) {
    const file = files.get(String(path)) ?? -1;
    wanted.set(file, (wanted.get(file) ?? new Set()).add(Number(stretch)));
  }
  let firstRow = 0;
  return chunks.filter((chunk, at) => {
    const before = chunks[at - 1];
    if (before?.file !== chunk.file) firstRow = 0;
    else if (before.rowGroup !== chunk.rowGroup) firstRow += before.rowCount;
    const own = wanted.get(chunk.file);
    const last = Math.floor((firstRow + chunk.rowCount - 1) / stretchRows);
    for (let stretch = Math.floor(firstRow / stretchRows); own && stretch <= last; stretch++) {
      if (own.has(stretch)) return true;
    }
    return false;
  });
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
): Promise<{ sql: string; planned: FileReads[] } | undefined> {
  try {
    const asked = await rowNumbersSql(connection, sql, table);
    if (asked === undefined) return undefined;
    await connection.run(rowNumbersViewSql(viewName, scan, rowNumberColumns));
    return { sql: asked, planned: await planReads(connection, [table], await explain(connection, asked)) };
  } catch {
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
