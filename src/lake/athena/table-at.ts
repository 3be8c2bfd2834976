import { ToolError } from "../../core/errors.ts";
import { resolveDataset } from "../datasets/resolve-dataset.ts";
import type { LakeParts } from "../datasets/with-tables.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { formatTable, type TableName } from "./allowed-tables.ts";
import type { CatalogTable, GlueCatalog } from "./glue-catalog.ts";

export interface TableAtDeps {
  parts: LakeParts;
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
  { parts, catalog }: TableAtDeps,
  table: CatalogTable,
  folder: string,
  scope: LakeScope,
): Promise<string | undefined> {
  if (table.format !== "parquet")
    return `is of the format ${table.format}, which the two engines may read differently`;
  if (table.isProjected) return "has projected partitions, which cannot be compared with the folders";
  const dataset = await resolveDataset(parts, { uri: folder, format: "parquet" }, scope);
  const differentKey = differenceOfColumns(table.partitionKeys, dataset.partitionColumns, "partition keys");
  if (differentKey !== undefined) return differentKey;
  const [first] = dataset.files;
  const footer = first && (await parts.footers.read(first.object, scope));
  const different = differenceOfColumns(table.columns, footer?.columns ?? [], "columns");
  if (different !== undefined) return different;
  if (table.partitionKeys.length === 0) return nestedFolder(folder, dataset.files);
  const registered = new Set(await catalog.partitionLocations(table, scope));
  const folders = new Set(dataset.files.map(({ object }) => folderOf(object.uri)));
  const missing = [...folders].find((one) => !registered.has(one));
  if (missing !== undefined) return `has no partition registered for ${quoteName(missing)}`;
  const strange = [...registered].find((one) => !one.startsWith(folder));
  return strange === undefined ? undefined : "has partitions outside the folder";
}

/** What Hive calls a type of the same values. Timestamps are not among them: Athena keeps milliseconds only. */
const hiveTypes: Record<string, readonly string[]> = {
  BOOLEAN: ["boolean"],
  TINYINT: ["tinyint"],
  SMALLINT: ["smallint"],
  INTEGER: ["int", "integer"],
  BIGINT: ["bigint"],
  FLOAT: ["float"],
  DOUBLE: ["double"],
  VARCHAR: ["string", "varchar"],
  DATE: ["date"],
  BLOB: ["binary"],
};

/** Keys of partitions are read out of names of folders, where a whole number has no width. */
const keyTypes: Record<string, readonly string[]> = {
  BIGINT: ["tinyint", "smallint", "int", "integer", "bigint"],
  DATE: ["date"],
  VARCHAR: ["string", "varchar"],
};

type NamedType = { name: string; type: string };

/** Columns must agree in names, order and types, or `SELECT *` and comparisons would not. */
function differenceOfColumns(
  declared: readonly NamedType[],
  own: readonly NamedType[],
  what: "columns" | "partition keys",
): string | undefined {
  const names = (list: readonly NamedType[]) =>
    list.map(({ name }) => name.toLowerCase()).join(", ") || "none";
  if (names(declared) !== names(own))
    return `has the ${what} ${names(declared)}; the files have ${names(own)}`;
  const types = what === "columns" ? hiveTypes : keyTypes;
  const at = own.findIndex(
    ({ type }, index) => !isSameType(types, type, declared[index]?.type.toLowerCase() ?? ""),
  );
  if (at < 0) return undefined;
  return `has ${declared[at]?.name} as ${declared[at]?.type}, which Athena may read otherwise than the ${own[at]?.type} of the files`;
}

function isSameType(types: Record<string, readonly string[]>, own: string, declared: string): boolean {
  return (
    types[own]?.includes(declared) ??
    (own.startsWith("DECIMAL(") && own.toLowerCase() === declared.replaceAll(" ", ""))
  );
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
