import { ToolError } from "../../core/errors.ts";
import type { FormatHints } from "../formats/format.ts";
import { quoteName } from "../location-names.ts";
import type { TableFormat } from "../tables/table-snapshot.ts";

/** Throws `invalid_input` for hints of another format: the files of these tables are Parquet. */
export function refuseTableHints(uri: string, table: TableFormat, { format, ...others }: FormatHints): void {
  const [other] = Object.keys(others);
  if ((format === undefined || format === "parquet") && other === undefined) return;
  const article = table === "Iceberg" ? "an" : "a";
  throw new ToolError(
    "invalid_input",
    `${quoteName(uri)} is ${article} ${table} table, whose files are Parquet. Leave out ${other ?? "format"}.`,
  );
}
