import { ToolError } from "../../core/errors.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import { claimsParquet } from "../datasets/open-parquet.ts";
import { describeParquet } from "../describe/describe-parquet.ts";
import type { Footers } from "../describe/footers.ts";
import type { DatasetProfile } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { type ColumnPage, chooseColumns } from "./choose-columns.ts";
import { kindOf } from "./column-kind.ts";
import { profileOfFooters } from "./profile-footers.ts";

const noNaN =
  "The greatest value of a floating column is that of its numbers: footers do not say whether it has NaN too, which is greater.";

/** A profile of Parquet files that reads their footers alone. Throws `invalid_input` for files of another format. */
export async function profileByFooters(
  footers: Footers,
  dataset: Dataset,
  { names, first, count }: ColumnPage,
  scope: LakeScope,
): Promise<DatasetProfile> {
  if (!dataset.files.every(({ object }) => claimsParquet(object, dataset.hints))) {
    throw new ToolError(
      "invalid_input",
      `mode "footer" is for Parquet, whose files say of their columns what they hold; ${quoteName(dataset.uri)} has other files. Leave mode out.`,
    );
  }
  const read = await mapBounded(dataset.files, 16, ({ object }) => footers.read(object, scope));
  const { columns, notes } = await describeParquet(footers, dataset, scope);
  const chosen = chooseColumns(columns, names);
  const shown = chosen.slice(first, first + count);
  return {
    rowCount: read.reduce((sum, { rowCount }) => sum + rowCount, 0),
    profiledRows: 0,
    mode: "footer",
    columns: profileOfFooters(read, shown),
    columnCount: chosen.length,
    rejectedCount: 0,
    notes: [
      `By the footers of ${read.length} files: no row was read. What they do not say exactly is left out.`,
      ...(shown.some(({ type }) => kindOf(type) === "float") ? [noNaN] : []),
      ...dataset.notes,
      ...notes,
    ],
  };
}
