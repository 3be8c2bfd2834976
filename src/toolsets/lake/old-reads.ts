import { z } from "zod";
import type { ToolAlias } from "../../core/tool.ts";
import { oldCsvForm, oldObject, oldRowCount, toCsvForm, toLimit, toOldUri } from "./old-names.ts";

/** `read_csv_from_s3` of older servers, over `lake_read_rows`. */
export const oldReadCsv: ToolAlias = {
  name: "read_csv_from_s3",
  input: z.strictObject({ ...oldObject, ...oldCsvForm, ...oldRowCount }),
  toInput: (old) => ({ uri: toOldUri(old), format: "csv", ...toCsvForm(old), ...toLimit(old) }),
};

/** `read_json_from_s3` of older servers. Whether it is one document or one per line is detected. */
export const oldReadJson: ToolAlias = {
  name: "read_json_from_s3",
  input: z.strictObject({ ...oldObject, ...oldRowCount }),
  toInput: (old) => ({ uri: toOldUri(old), ...toLimit(old) }),
};

/** `read_parquet_from_s3` of older servers. */
export const oldReadParquet: ToolAlias = {
  name: "read_parquet_from_s3",
  input: z.strictObject({ ...oldObject, ...oldRowCount, columns: z.array(z.string()).optional() }),
  toInput: (old) => ({
    uri: toOldUri(old),
    format: "parquet",
    ...toLimit(old),
    ...(old.columns === undefined ? {} : { columns: old.columns }),
  }),
};
