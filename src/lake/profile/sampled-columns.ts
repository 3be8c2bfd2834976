import type { Column } from "../sql/engine.ts";
import type { Source } from "./ask.ts";
import { kindOf, quoteIdentifier } from "./column-kind.ts";
import type { SampledDistinct } from "./column-plan.ts";
import { namedQuantiles, quantilesSql } from "./statistics.ts";

/** What a sample says of a column of which every row is looked at too. */
export interface SampledColumn extends SampledDistinct {
  quantiles: Record<string, unknown> | undefined;
}

/** Asks a sample for the quantiles of each column, and about how many values it has. In the order of `columns`. */
export async function sampleColumns(
  { ask, from }: Source,
  columns: readonly Column[],
): Promise<SampledColumn[]> {
  const asked = columns.flatMap((column, at) => {
    if (kindOf(column.type) === "other") return [];
    const quantiles = quantilesSql(column, "exact");
    return [
      `approx_count_distinct(${quoteIdentifier(column.name)}) AS d${at}`,
      ...(quantiles === undefined ? [] : [`${quantiles} AS q${at}`]),
    ];
  });
  const page = await ask(`SELECT ${["count(*) AS n", ...asked].join(",\n")} FROM ${from}`);
  const values = new Map(page.columns.map(({ name }, at) => [name, page.rows[0]?.[at]]));
  return columns.map((_, at) => ({
    rowCount: Number(values.get("n")),
    distinct: Number(values.get(`d${at}`) ?? 0),
    quantiles: namedQuantiles(values.get(`q${at}`)),
  }));
}
