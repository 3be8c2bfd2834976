import { ToolError } from "../../core/errors.ts";
import { resolveDataset } from "../datasets/resolve-dataset.ts";
import type { LakeParts } from "../datasets/with-tables.ts";
import type { Footers } from "../describe/footers.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { formatTable, type TableName } from "./allowed-tables.ts";
import type { CatalogTable, GlueCatalog } from "./glue-catalog.ts";

export interface TableAtDeps {
  parts: LakeParts;
  footers: Footers;
  catalog: GlueCatalog;
}

/**
 * The table of the catalog that has the very rows of a folder as this server reads it: same place, Parquet, same columns,
 * and every partition folder registered. Throws `invalid_input` where there is none, and says what differs.
 */
export async function tableAt(deps: TableAtDeps, uri: string, scope: LakeScope): Promise<TableName> {
  const folder = uri.endsWith("/") ? uri : `${uri}/`;
  const { tables } = await deps.catalog.tables(scope);
  const [table, ...others] = tables.filter(({ location }) => location === folder);
  if (!table) throw notExact(uri, "no table that may be read through Athena lies at this very place");
  if (others.length > 0) {
    const names = [table, ...others].map(formatTable).join(", ");
    throw notExact(uri, `several tables lie there (${names})`);
  }
  const difference = await differenceOf(deps, table, folder, scope);
  if (difference === undefined) return { database: table.database, table: table.table };
  throw notExact(uri, `the table ${formatTable(table)} there ${difference}`);
}

async function differenceOf(
  { parts, footers, catalog }: TableAtDeps,
  table: CatalogTable,
  folder: string,
  scope: LakeScope,
): Promise<string | undefined> {
  if (table.format !== "parquet")
    return `is of the format ${table.format}, which the two engines may read differently`;
  if (table.isProjected) return "has projected partitions, which cannot be compared with the folders";
  const dataset = await resolveDataset(parts.stores, { uri: folder, format: "parquet" }, scope);
  const keys = dataset.partitionColumns.map(({ name }) => name.toLowerCase());
  const wanted = table.partitionKeys.map(({ name }) => name.toLowerCase());
  if (keys.join("/") !== wanted.join("/"))
    return `has the partition keys ${wanted.join(", ") || "none"}; the folders have ${keys.join(", ") || "none"}`;
  const [first] = dataset.files;
  const footer = first && (await footers.read(first.object, scope));
  const own = footer?.columns.map(({ name }) => name.toLowerCase()).sort() ?? [];
  const declared = table.columns.map(({ name }) => name.toLowerCase()).sort();
  if (own.join("\0") !== declared.join("\0")) return "has other columns than the files";
  if (wanted.length === 0) return nestedFolder(folder, dataset.files);
  const registered = new Set(await catalog.partitionLocations(table, scope));
  const folders = new Set(dataset.files.map(({ object }) => folderOf(object.uri)));
  const missing = [...folders].find((one) => !registered.has(one));
  if (missing !== undefined) return `has no partition registered for ${quoteName(missing)}`;
  const strange = [...registered].find((one) => !one.startsWith(folder));
  return strange === undefined ? undefined : "has partitions outside the folder";
}

/** Whether Athena looks into folders below depends on the table's properties. */
function nestedFolder(folder: string, files: readonly { object: { uri: string } }[]): string | undefined {
  const nested = files.find(({ object }) => folderOf(object.uri) !== folder);
  return nested && `has files in folders below, such as ${quoteName(nested.object.uri)}`;
}

function folderOf(uri: string): string {
  return uri.slice(0, uri.lastIndexOf("/") + 1);
}

function notExact(uri: string, why: string): ToolError {
  return new ToolError(
    "invalid_input",
    `Athena cannot stand in for ${quoteName(uri)}: ${why}. Name a table in place of it: database.table.`,
  );
}
