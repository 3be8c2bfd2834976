/**
 * For `read_parquet`: the greatest values in footers leave NaN out, as the format wants, and NaN is greater than they are.
 * Taken for bounds, `x > 5` lost rows, `x <= 5` had rows too many, and `max(x)` was no NaN. Source: parquet.thrift, `ColumnOrder`.
 */
export const parquetNaN = "can_have_nan = true";
