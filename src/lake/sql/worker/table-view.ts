import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import { ToolError } from "../../../core/errors.ts";
import { keptOutside, sqlType, type TableField } from "../../tables/table-field.ts";
import type { Column } from "../engine.ts";
import { partitionKey } from "../partition-key.ts";
import type { JobFile, JobScan, TableView } from "../protocol.ts";
import { fillDeleted } from "./deleted-rows.ts";
import { parquetNaN } from "./parquet-nan.ts";
import { identifier, list, literal } from "./quoting.ts";
import { columnsOfFile, type FileColumns, valueSql } from "./table-columns.ts";
import { typeName } from "./type-name.ts";

/** Files that are read alike: with the same columns, and some rows to leave out or none. */
interface FileGroup {
  files: JobFile[];
  hasDeleted: boolean;
}

/**
 * The SELECT of a table of Delta or Iceberg: every column of its schema in turn, from the files by name or number, NULL where a file
 * has none, cast where it was of a narrower type; partition columns by what the table says; without the rows that were deleted.
 * Reads footers, and fills a table of the deleted rows.
 */
export async function tableView(
  connection: DuckDBConnection,
  scan: JobScan,
  index: number,
): Promise<TableView> {
  const fields = scan.tableFields ?? [];
  const deletedTable = `_sluice_deleted_${index}`;
  await fillDeleted(connection, deletedTable, scan.files);
  const selects: string[] = [];
  const columns = new Map<string, Column>();
  for (const group of await groupsOf(connection, scan.files)) {
    const [first] = group.files;
    if (!first) continue;
    // Under mapping by number every field has one.
    const hasIds = fields.some(({ fieldId }) => fieldId !== undefined);
    const found = await columnsOfFile(connection, first.path, hasIds);
    if (found.lacksIds && scan.filesWithoutIds === "refused") throw withoutIds(first);
    for (const [name, type] of found.types) columns.set(name, { name, type: typeName(type) });
    selects.push(groupSelect(scan, group, found, deletedTable));
  }
  const none = `SELECT ${fields.map((field) => `NULL::${sqlType(field.type)} AS ${identifier(field.name)}`).join(", ")} WHERE false`;
  return {
    select: selects.length === 0 ? none : selects.join(" UNION ALL "),
    columns: [...columns.values()],
  };
}

async function groupsOf(connection: DuckDBConnection, files: readonly JobFile[]): Promise<FileGroup[]> {
  const [first, second] = files;
  if (!first) return [];
  if (!second) return [{ files: [first], hasDeleted: first.deleted !== undefined }];
  const reader = await connection.runAndReadAll(`
    SELECT file_name, md5(string_agg(concat_ws('|', name, type, type_length, num_children, converted_type, logical_type, duckdb_type, field_id), chr(10) ORDER BY column_id))
    FROM parquet_schema(${list(files.map(({ path }) => literal(path)))}) WHERE column_id > 0 GROUP BY file_name`);
  const forms = new Map(reader.getRows().map(([path, form]) => [String(path), String(form)]));
  const groups = new Map<string, FileGroup>();
  for (const file of files) {
    const hasDeleted = file.deleted !== undefined;
    const key = `${hasDeleted}/${forms.get(file.path)}`;
    const group = groups.get(key);
    if (group) group.files.push(file);
    else groups.set(key, { files: [file], hasDeleted });
  }
  return [...groups.values()];
}

function groupSelect(
  scan: JobScan,
  { files, hasDeleted }: FileGroup,
  found: FileColumns,
  deletedTable: string,
): string {
  const columns = (scan.tableFields ?? []).map((field) => {
    const at = scan.partitionColumns.findIndex(({ name }) => name === field.name);
    const value = at < 0 ? columnValue(scan, field, found) : partitionValue(scan, at, field);
    return `${value} AS ${identifier(field.name)}`;
  });
  if (hasDeleted && [...found.types.keys()].some((name) => name.toLowerCase() === "file_row_number")) {
    throw new ToolError(
      "unsupported",
      "The table has deleted rows and a column named file_row_number, which hides the numbers of its rows.",
    );
  }
  const reader = `read_parquet(${list(files.map(({ path }) => literal(path)))}, ${parquetNaN}, hive_partitioning = true, hive_types = {'${partitionKey}': BIGINT})`;
  const deleted = hasDeleted
    ? ` ANTI JOIN ${deletedTable} AS deleted ON deleted.file = file.${partitionKey} AND deleted.row = file.file_row_number`
    : "";
  return `SELECT ${columns.join(", ")} FROM ${reader} AS file${deleted}`;
}

function withoutIds({ uri }: JobFile): ToolError {
  return new ToolError(
    "unsupported",
    `The columns of ${uri} have no field ids, and the Iceberg table has no name mapping (schema.name-mapping.default) to find them by.`,
    { details: { tableFormat: "Iceberg", feature: "files without field ids" } },
  );
}

function columnValue(scan: JobScan, field: TableField, found: FileColumns): string {
  const name = found.nameOf(field, [...found.types.keys()]);
  const type: DuckDBType | undefined = name === undefined ? undefined : found.types.get(name);
  if (name !== undefined && type) return valueSql(field.type, type, `file.${identifier(name)}`, found);
  const at = keptOutside(scan.tableFields).indexOf(field);
  return at < 0
    ? `NULL::${sqlType(field.type)}`
    : partitionValue(scan, scan.partitionColumns.length + at, field);
}

/** By the number in its folder's name: the engine leaves out files by filters on it. */
function partitionValue({ partitions }: JobScan, column: number, { type }: TableField): string {
  const values = partitions.map((values) => {
    const value = values[column];
    return value === null || value === undefined ? "NULL" : literal(value);
  });
  return `list_extract(${list(values)}::VARCHAR[]::${sqlType(type)}[], file.${partitionKey} + 1)`;
}
