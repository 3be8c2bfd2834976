import { compareUtf8 } from "../../core/utf8-order.ts";
import type { ParquetFooter } from "../formats/parquet-footer.ts";
import type { ColumnProfile } from "../lake.ts";
import type { Column } from "../sql/engine.ts";
import { kindOf } from "./column-kind.ts";

type Bound = number | string | boolean;
type FooterColumn = ParquetFooter["columns"][number];

/**
 * What the footers of Parquet files say of columns: nulls, least and greatest value, each only where every file says it
 * exactly. Partition columns are in no footer.
 */
export function profileOfFooters(
  footers: readonly ParquetFooter[],
  columns: readonly Column[],
): ColumnProfile[] {
  return columns.map(({ name, type }) => {
    const found = footers.map(({ columns, rowCount }) => ({
      rowCount,
      column: columns.find((one) => one.name.toLowerCase() === name.toLowerCase()),
    }));
    const own = found.flatMap(({ column, rowCount }) =>
      column && rowCount > 0 ? [{ ...column, rowCount }] : [],
    );
    // A file without the column has a null in each of its rows.
    const nulls =
      own.length === 0
        ? undefined
        : sumOf(found.map(({ column, rowCount }) => (column ? column.nulls : rowCount)));
    const isAlike = own.every((column) => column.type === type);
    return {
      name,
      type,
      ...(nulls === undefined ? {} : { nulls }),
      ...(isAlike ? boundsOf(own, type) : {}),
    };
  });
}

function sumOf(counts: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const count of counts) {
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum;
}

function boundsOf(columns: readonly (FooterColumn & { rowCount: number })[], type: string) {
  // Files of nulls alone have no bounds, and take nothing from those of the others.
  const filled = columns.filter(({ nulls, rowCount }) => nulls !== rowCount);
  const min = extreme(
    filled.map(({ min }) => min),
    -1,
    type,
  );
  const max = extreme(
    filled.map(({ max }) => max),
    1,
    type,
  );
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function extreme(bounds: readonly (Bound | undefined)[], direction: -1 | 1, type: string): Bound | undefined {
  let best: Bound | undefined;
  for (const bound of bounds) {
    if (bound === undefined) return undefined;
    if (best === undefined || Math.sign(compare(bound, best, type)) === direction) best = bound;
  }
  return best;
}

/** Whole numbers and decimals past what a number holds come as text; dates and times as text that sorts. */
function compare(left: Bound, right: Bound, type: string): number {
  const kind = kindOf(type);
  if (kind === "integer") return compareOrdered(BigInt(left), BigInt(right));
  if (kind === "decimal") return compareOrdered(scaled(String(left)), scaled(String(right)));
  if (kind === "text") return compareUtf8(String(left), String(right));
  return compareOrdered(left, right);
}

function compareOrdered(left: bigint | Bound, right: bigint | Bound): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Decimals of one type have the same number of places. */
function scaled(text: string): bigint {
  return BigInt(text.replace(".", ""));
}
