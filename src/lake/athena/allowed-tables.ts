import { ToolError } from "../../core/errors.ts";
import { takeDownTable } from "../../core/service-calls.ts";
import type { AthenaSettings } from "../settings.ts";

/** A table of the Glue catalog, in small letters, as Glue keeps names. */
export interface TableName {
  database: string;
  table: string;
}

/** `database.table`, as callers write it. */
export function formatTable({ database, table }: TableName): string {
  return `${database}.${table}`;
}

/** As calls name it outside of statements. */
export function athenaUri(name: TableName): string {
  return `athena://${formatTable(name)}`;
}

/** Which tables may be read: those of `lake.athena.tables` and no others. */
export interface AllowedTables {
  /**
   * `database.table` or `catalog.database.table`, its parts. Throws `invalid_input` for another form, `denied` for what is
   * not allowed, which says nothing of whether it exists. Either way the table is named in the call's record.
   */
  check(parts: readonly string[]): TableName;
  allows(name: TableName): boolean;
  /** Whether `check` would pass. */
  names(parts: readonly string[]): boolean;
  /** Databases of which some table is allowed. */
  databases: readonly string[];
}

/** `rules` are `database.table` or `database.*`, in small letters. */
export function createAllowedTables({
  tables,
  catalog,
}: Pick<AthenaSettings, "tables" | "catalog">): AllowedTables {
  const whole = new Set(tables.filter(({ table }) => table === "*").map(({ database }) => database));
  const single = new Set(tables.map(formatTable));
  const allows = (name: TableName) => whole.has(name.database) || single.has(formatTable(name));
  return {
    allows,
    names: (parts) => {
      if (parts.length < 2 || parts.length > 3) return false;
      const name = tableOf(parts, catalog);
      return name !== undefined && allows(name);
    },
    databases: [...new Set(tables.map(({ database }) => database))],
    check(parts) {
      const name = tableOf(parts, catalog);
      takeDownTable(name ? athenaUri(name) : `athena://${parts.join(".")}`);
      if (name && allows(name)) return name;
      const shown = parts.join(".").slice(0, 200);
      throw new ToolError(
        "denied",
        `The table ${JSON.stringify(shown)} is not among those this server may read through Athena. lake_list_sources names them.`,
        { details: { table: shown, setting: "lake.athena.tables" } },
      );
    },
  };
}

/** Undefined for a table of another catalog, and for the hidden ones Athena makes up (`orders$partitions`). */
function tableOf(parts: readonly string[], catalog: string): TableName | undefined {
  const [table = "", database = "", named] = [...parts].reverse();
  if (parts.length < 2 || parts.length > 3) {
    throw new ToolError(
      "invalid_input",
      `Athena's tables are written database.table or catalog.database.table; ${JSON.stringify(parts.join(".").slice(0, 200))} is neither.`,
    );
  }
  if (named !== undefined && named !== catalog.toLowerCase()) return undefined;
  return /[$@]/.test(table) ? undefined : { database, table };
}
