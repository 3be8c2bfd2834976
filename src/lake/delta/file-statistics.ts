import { z } from "zod";
import { jsonIn } from "../../core/json-in.ts";
import type { ColumnBounds } from "../tables/sure-bounds.ts";
import type { TableField } from "../tables/table-field.ts";
import type { FileStatistics } from "../tables/table-snapshot.ts";
import type { AddFile } from "./actions.ts";

const bound = z.union([z.string(), z.number(), z.boolean()]);
const statistics = z.object({
  numRecords: z.int().min(0).optional(),
  minValues: z.record(z.string(), z.unknown()).nullish(),
  maxValues: z.record(z.string(), z.unknown()).nullish(),
  nullCount: z.record(z.string(), z.unknown()).nullish(),
});

const nulls = z.int().min(0);

const rowStatistics = statistics.pick({ numRecords: true });

/** Undefined where the log has none, or none of the form. Source: Delta protocol, "Per-file Statistics". */
export function fileStatistics(
  { stats }: AddFile,
  fields: readonly TableField[],
): FileStatistics | undefined {
  const parsed = statistics.safeParse(jsonIn(stats));
  if (!parsed.success) return undefined;
  const { numRecords, minValues, maxValues, nullCount } = parsed.data;
  const columns = new Map<string, ColumnBounds>();
  for (const { name, physicalName, type } of fields) {
    if (type.kind !== "plain") continue;
    const min = bound.safeParse(minValues?.[physicalName]).data;
    const max = bound.safeParse(maxValues?.[physicalName]).data;
    const nullRows = nulls.safeParse(nullCount?.[physicalName]).data;
    columns.set(name, {
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      ...(nullRows === undefined ? {} : { nullCount: nullRows }),
    });
  }
  return { ...(numRecords === undefined ? {} : { rowCount: numRecords }), columns };
}

/** Rows of the files, deleted ones taken off; undefined where the log does not say it of each. */
export function rowCountOf(files: readonly AddFile[]): number | undefined {
  let rows = 0;
  for (const { stats, deletionVector } of files) {
    const { data } = rowStatistics.safeParse(jsonIn(stats));
    if (data?.numRecords === undefined) return undefined;
    const { cardinality = 0 } = deletionVector ?? {};
    // More rows deleted than there are: the log says nothing that can be believed.
    if (cardinality > data.numRecords) return undefined;
    rows += data.numRecords - cardinality;
  }
  return rows;
}
