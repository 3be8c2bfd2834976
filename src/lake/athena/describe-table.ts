import type { DatasetDescription } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import { athenaUri, type TableName } from "./allowed-tables.ts";
import type { CatalogTable, GlueCatalog } from "./glue-catalog.ts";

/** What the Glue catalog says of a table, without a look at its files. Column types are Hive's. */
export async function describeTable(
  catalog: GlueCatalog,
  name: TableName,
  { region, catalogName }: { region: string; catalogName: string },
  scope: LakeScope,
): Promise<DatasetDescription> {
  const table = await catalog.table(name, scope);
  return {
    uri: athenaUri(table),
    format: table.format,
    columns: [...table.columns, ...table.partitionKeys],
    partitions: [],
    ...(table.updatedAt === undefined ? {} : { lastModified: table.updatedAt }),
    table: {
      type: table.kind,
      catalog: catalogName,
      region,
      ...(table.account === undefined ? {} : { account: table.account }),
      ...(table.description === undefined ? {} : { comment: table.description }),
      ...(table.location === undefined ? {} : { location: table.location }),
      ...(table.partitionKeys.length === 0
        ? {}
        : { partitionColumns: table.partitionKeys.map(({ name }) => name) }),
    },
    notes: notesOf(table),
  };
}

function notesOf({ location, isProjected, partitionKeys }: CatalogTable): string[] {
  return [
    "By the Glue catalog: its files were not looked at. Query it with engine athena (Trino SQL).",
    ...(location === undefined
      ? []
      : [`For rows, size and Parquet facts, call lake_get_metadata on ${location} where that may be read.`]),
    ...(isProjected
      ? ["Its partitions are projected: Athena works them out from the table's properties."]
      : []),
    ...(partitionKeys.length > 0
      ? [`Filter by ${partitionKeys.map(({ name }) => name).join(", ")} to scan less.`]
      : []),
  ];
}
