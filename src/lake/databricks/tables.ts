import { jsonSizeBytes } from "../../core/results.ts";
import type { DatasetDescription } from "../lake.ts";
import { sourcesOrNote } from "../sources-or-note.ts";
import { type AllowedNames, outside } from "./allowed.ts";
import type { Catalog, NameList, TableInfo } from "./catalog.ts";
import { parseSparkType, typeNameOf } from "./spark-type.ts";
import { formatDatabricksName, formatTableName, parseDatabricksName, type TableName } from "./table-name.ts";

/** A catalog, schema or table that may be read, or leads to one. */
export interface TableSource {
  level: "catalog" | "schema" | "table";
  name: string;
  /** Give it to a tool as it is. */
  uri: string;
}

export interface TableSources {
  sources: TableSource[];
  notes: string[];
}

/** What tools see of Unity Catalog: what is allowed, and nothing besides. */
export interface DatabricksTables {
  /**
   * What the settings allow, without asking unless that is every catalog; with a name what is in it. Throws `denied`,
   * `not_found`, `invalid_input`.
   */
  sources(uri: string | undefined, signal: AbortSignal): Promise<TableSources>;
}

const levels = ["catalog", "schema", "table"] as const;
const maxNames = 1_000;
const maxPropertyBytes = 16 * 1024;

export function createTables(allowed: AllowedNames, catalog: Catalog): DatabricksTables {
  return {
    async sources(uri, signal) {
      if (uri === undefined) {
        if (!allowed.covers([])) return { sources: allowed.entries.map(sourceOf), notes: [] };
        return sourcesOrNote("The catalogs of Databricks", signal, async (inTime) =>
          sourcesIn([], await catalog.list([], maxNames, inTime)),
        );
      }
      const parts = parseDatabricksName(uri);
      if (!allowed.leadsTo(parts)) throw outside(parts);
      if (parts.length === 3) return { sources: [sourceOf(parts)], notes: [] };
      return sourcesIn(
        parts,
        allowed.covers(parts) ? await catalog.list(parts, maxNames, signal) : namesOf(allowed, parts),
      );
    },
  };
}

function sourcesIn(parts: readonly string[], { names, more }: NameList): TableSources {
  const notes = more ? [`Shown are the first ${names.length}; there are more. Name what you look for.`] : [];
  return { sources: names.map((name) => sourceOf([...parts, name])), notes };
}

/** What the settings themselves say of a catalog or schema of which only parts may be read. */
function namesOf({ entries }: AllowedNames, parts: readonly string[]): NameList {
  const below = entries.filter((entry) => parts.every((part, index) => part === entry[index]));
  return { names: [...new Set(below.flatMap((entry) => entry[parts.length] ?? []))], more: false };
}

function sourceOf(parts: readonly string[]): TableSource {
  const uri = formatDatabricksName(parts);
  return { level: levels[parts.length - 1] ?? "table", name: parts.join("."), uri };
}

/** What Unity Catalog says of a table. */
export function describeInfo(name: TableName, info: TableInfo): DatasetDescription {
  const { columns, comment, owner, storage_location: location, table_type: type, properties } = info;
  const isLarge = properties !== undefined && jsonSizeBytes(properties) > maxPropertyBytes;
  const partitionColumns = columns
    .filter((column) => column.partition_index !== undefined)
    .sort((left, right) => (left.partition_index ?? 0) - (right.partition_index ?? 0));
  return {
    uri: formatTableName(name),
    format: (info.data_source_format ?? type).toLowerCase(),
    columns: columns.map((column) => ({
      name: column.name,
      type: typeNameOf(parseSparkType(column.type_text)),
      ...(column.comment ? { comment: column.comment } : {}),
    })),
    partitions: [],
    table: {
      type,
      ...(comment ? { comment } : {}),
      ...(owner ? { owner } : {}),
      ...(location ? { location } : {}),
      ...(info.created_at === undefined ? {} : { createdAt: new Date(info.created_at).toISOString() }),
      ...(partitionColumns.length > 0 ? { partitionColumns: partitionColumns.map(({ name }) => name) } : {}),
      ...(properties === undefined || isLarge ? {} : { properties }),
      ...(isFiltered(info) ? { isFiltered: true } : {}),
    },
    ...(info.updated_at === undefined ? {} : { lastModified: new Date(info.updated_at) }),
    notes: isLarge
      ? [`The table's properties take more than ${maxPropertyBytes} bytes and are left out.`]
      : [],
  };
}

/** Whether rows or values are held back from some readers, which only a warehouse can do. */
export function isFiltered({ row_filter: filter, columns }: TableInfo): boolean {
  return (filter ?? undefined) !== undefined || columns.some(({ mask }) => (mask ?? undefined) !== undefined);
}
