import { z } from "zod";
import type { AddFile } from "./actions.ts";
import type { DeltaField } from "./schema.ts";

/** What the log says of one column in one file. Values as JSON has them: dates and times as text in ISO 8601. */
export interface ColumnBounds {
  /** Not greater than any value but for the rounding of numbers: long texts are cut, times are rounded down to milliseconds. */
  min?: string | number | boolean;
  /** Not less than any value but for the rounding of numbers, and the last millisecond of times. */
  max?: string | number | boolean;
  nullCount?: number;
}

/** What the log says of one file. */
export interface FileStatistics {
  /** Rows in the file, those deleted by a deletion vector too. */
  rowCount?: number;
  /** By the columns' own names. Of plain top-level columns only. */
  columns: Map<string, ColumnBounds>;
}

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
  fields: readonly DeltaField[],
): FileStatistics | undefined {
  const parsed = statistics.safeParse(parseJson(stats));
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

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Rows of the files, deleted ones taken off; undefined where the log does not say it of each. */
export function rowCountOf(files: readonly AddFile[]): number | undefined {
  let rows = 0;
  for (const { stats, deletionVector } of files) {
    const { data } = rowStatistics.safeParse(parseJson(stats));
    if (data?.numRecords === undefined) return undefined;
    const { cardinality = 0 } = deletionVector ?? {};
    // More rows deleted than there are: the log says nothing that can be believed.
    if (cardinality > data.numRecords) return undefined;
    rows += data.numRecords - cardinality;
  }
  return rows;
}
