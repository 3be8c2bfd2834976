import { splitDottedName } from "../../core/dotted-name.ts";
import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";

const scheme = "databricks://";

/** A table or view of Unity Catalog, in lower case. */
export interface TableName {
  catalog: string;
  schema: string;
  table: string;
}

/** Whether a name in a call is meant for Databricks. */
export function isDatabricksName(uri: string): boolean {
  return /^databricks:/i.test(uri);
}

/** One to three parts of `databricks://catalog.schema.table`. Throws `invalid_input` for another form. */
export function parseDatabricksName(uri: string): string[] {
  const parts = uri.startsWith(scheme) ? splitDottedName(uri.slice(scheme.length)) : undefined;
  if (parts) return parts;
  throw new ToolError(
    "invalid_input",
    `${quoteName(uri)} is not a name of Databricks. Write databricks://catalog.schema.table; names hold no blanks, slashes or dots.`,
  );
}

/** A whole table's name. Throws `invalid_input` for a catalog or schema alone. */
export function parseTableName(uri: string): TableName {
  const [catalog, schema, table] = parseDatabricksName(uri);
  if (catalog !== undefined && schema !== undefined && table !== undefined) return { catalog, schema, table };
  throw new ToolError(
    "invalid_input",
    `${quoteName(uri)} names no table. Write databricks://catalog.schema.table; lake_list_sources with this uri lists what is in it.`,
  );
}

/** As a caller may name it again. */
export function formatDatabricksName(parts: readonly string[]): string {
  return `${scheme}${parts.join(".")}`;
}

export function partsOf({ catalog, schema, table }: TableName): [string, string, string] {
  return [catalog, schema, table];
}

export function formatTableName(name: TableName): string {
  return formatDatabricksName(partsOf(name));
}

/** As SQL of Databricks writes it. */
export function quoteTableName(name: TableName): string {
  return partsOf(name).map(quoteSparkName).join(".");
}

/** A name in backticks, which Spark takes as it is. */
export function quoteSparkName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
