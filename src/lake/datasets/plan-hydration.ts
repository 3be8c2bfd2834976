import { ToolError } from "../../core/errors.ts";
import { countOfFiles } from "./count-of-files.ts";
import type { Dataset } from "./dataset.ts";
import { claimsParquet } from "./open-parquet.ts";

/** A dataset under the name a statement gives it. */
export interface NamedDataset {
  name: string;
  /** Further names of the same dataset in the statement. */
  otherNames?: readonly string[];
  dataset: Dataset;
}

/**
 * Throws `too_large` with the estimate when the files that statements over these tables read whole, all but Parquet, are
 * together more than `maxScanBytes`. Of Parquet each statement's plan tells what it needs.
 */
export function refuseLargeScan(tables: readonly NamedDataset[], maxScanBytes: number): void {
  const sizes = new Map(
    tables.flatMap(({ dataset: { files, hints } }) =>
      files
        .filter(({ object }) => !claimsParquet(object, hints))
        .map(({ object }) => [object.uri, object.sizeBytes] as const),
    ),
  );
  const estimatedBytes = [...sizes.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  if (estimatedBytes <= maxScanBytes) return;
  throw new ToolError(
    "too_large",
    `This would read ${estimatedBytes} bytes of ${countOfFiles(sizes.size)}; lake.query.maxScanBytes allows ${maxScanBytes}. ` +
      "Name fewer files with a narrower folder or a glob.",
    { details: { estimatedBytes, files: sizes.size, maxScanBytes, setting: "lake.query.maxScanBytes" } },
  );
}
