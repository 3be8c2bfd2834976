import { quoteIdentifier } from "../profile/column-kind.ts";

/** What a dataset is called in statements made here. */
export const tableName = "dataset";

/** The SELECT of a page. One row more than is wanted shows whether more follow. */
export function rowsSql(
  columns: readonly string[],
  filter: string | undefined,
  rowCount: number,
  offset: number,
): string {
  const list = columns.length === 0 ? "*" : columns.map(quoteIdentifier).join(", ");
  const where = filter === undefined ? "" : `WHERE (${filter}\n) `;
  return `SELECT ${list} FROM ${tableName} ${where}LIMIT ${rowCount + 1} OFFSET ${offset}`;
}
