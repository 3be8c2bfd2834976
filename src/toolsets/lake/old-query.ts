import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import type { ToolAlias } from "../../core/tool.ts";
import { firstGiven, oldCsvForm, oldObject, oldRowCount, toCsvForm, toLimit, toOldUri } from "./old-names.ts";

const sql = z.string().min(1).optional();

/** Names older servers gave the one table of a statement. */
const tableNames = ["data", "s3object", "csv_data", "df", "csv"];

/** `query_csv_data` of older servers, over `lake_query`: one CSV file under a fixed table name. */
export const oldQueryCsv: ToolAlias = {
  name: "query_csv_data",
  input: z.strictObject({ ...oldObject, ...oldCsvForm, ...oldRowCount, query: sql, sql, sql_query: sql }),
  toInput(old) {
    const statement = firstGiven(old, "query", "sql", "sql_query");
    if (statement === undefined)
      throw new ToolError("invalid_input", "query (or sql, sql_query) is missing.");
    const source = { uri: toOldUri(old), format: "csv", ...toCsvForm(old) };
    return {
      sql: statement,
      sources: Object.fromEntries(tableNames.map((name) => [name, source])),
      ...toLimit(old),
    };
  },
};
