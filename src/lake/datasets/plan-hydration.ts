import { ToolError } from "../../core/errors.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { claimsParquet } from "./open-parquet.ts";

/** A dataset under the name a statement gives it. */
export interface NamedDataset {
  name: string;
  /** Further names of the same dataset in the statement. */
  otherNames?: readonly string[];
  dataset: Dataset;
}

/** A file and how much of it a statement needs: all, or what its plan will say. */
export interface FileRead {
  file: DataFile;
  bytes: "whole" | "by plan";
}

export interface TableRead extends NamedDataset {
  reads: FileRead[];
}

/** What to bring to local disk before a statement runs. */
export interface HydrationPlan {
  tables: TableRead[];
  /** Bytes of the objects the statement reads whole, each once. */
  estimatedBytes: number;
}

/**
 * Says which files, and what of them, a statement needs: of Parquet what its plan will tell, of all others the whole.
 * Throws `too_large` with the estimate when the whole ones alone are more than `maxScanBytes`.
 */
export function planHydration(tables: readonly NamedDataset[], maxScanBytes: number): HydrationPlan {
  const reads = tables.map((table) => ({
    ...table,
    reads: table.dataset.files.map((file): FileRead => {
      const isParquet = claimsParquet(file.object, table.dataset.hints);
      return { file, bytes: isParquet ? "by plan" : "whole" };
    }),
  }));
  const sizes = new Map(
    reads.flatMap((table) =>
      table.reads.flatMap(({ file: { object }, bytes }) =>
        bytes === "whole" ? [[object.uri, object.sizeBytes]] : [],
      ),
    ),
  );
  const estimatedBytes = [...sizes.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  if (estimatedBytes > maxScanBytes) {
    throw new ToolError(
      "too_large",
      `This would read ${estimatedBytes} bytes in ${sizes.size} files; lake.query.maxScanBytes allows ${maxScanBytes}. ` +
        "Name fewer files with a narrower folder or a glob.",
      { details: { estimatedBytes, files: sizes.size, maxScanBytes, setting: "lake.query.maxScanBytes" } },
    );
  }
  return { tables: reads, estimatedBytes };
}
