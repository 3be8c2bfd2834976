import { ToolError } from "../../core/errors.ts";
import { takeDownTable } from "../../core/service-calls.ts";
import { quoteName } from "../location-names.ts";
import type { AllowedTables } from "../settings.ts";
import { formatDatabricksName, formatTableName, partsOf, type TableName } from "./table-name.ts";

/** What may be read of Unity Catalog, by name alone. What the settings do not name is outside. */
export interface AllowedNames {
  entries: readonly AllowedTables[];
  /** Throws `denied`, alike whether the table exists or not. Either way the table is named in the call's record. */
  checkTable(name: TableName): void;
  /** Whether something that may be read lies in this catalog or schema, or is it. */
  leadsTo(parts: readonly string[]): boolean;
  /** Whether all that lies in this catalog, schema or table may be read. */
  covers(parts: readonly string[]): boolean;
}

export function createAllowedNames(entries: readonly AllowedTables[]): AllowedNames {
  const isWithin = (outer: readonly string[], inner: readonly string[]) =>
    outer.length <= inner.length && outer.every((part, index) => part === inner[index]);
  const covers = (parts: readonly string[]) => entries.some((entry) => isWithin(entry, parts));
  return {
    entries,
    covers,
    leadsTo: (parts) => covers(parts) || entries.some((entry) => isWithin(parts, entry)),
    checkTable(name) {
      takeDownTable(formatTableName(name));
      if (!covers(partsOf(name))) throw outside(partsOf(name));
    },
  };
}

/** The one answer for everything outside, whether it exists or not. */
export function outside(parts: readonly string[]): ToolError {
  return new ToolError(
    "denied",
    `${quoteName(formatDatabricksName(parts))} is outside what this server may read of Databricks (lake.databricks.allow). lake_list_sources names what it may.`,
  );
}
