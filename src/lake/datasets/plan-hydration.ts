import { ToolError } from "../../core/errors.ts";
import type { DataFile, Dataset } from "./dataset.ts";

/** A dataset under the name a statement gives it. */
export interface NamedDataset {
  name: string;
  /** Further names of the same dataset in the statement. */
  otherNames?: readonly string[];
  dataset: Dataset;
}

/** A file and the bytes of it a statement needs. */
export interface FileRead {
  file: DataFile;
  bytes: "whole";
}

export interface TableRead extends NamedDataset {
  reads: FileRead[];
}

/** What to bring to local disk before a statement runs. */
export interface HydrationPlan {
  tables: TableRead[];
  /** Bytes of source objects the statement reads, each object once. */
  estimatedBytes: number;
}

/**
 * Says which files, and what of them, a statement needs. Every file whole: what a statement touches of it is not
 * asked here. Throws `too_large` with the estimate when that is more than `maxScanBytes`.
 */
export function planHydration(tables: readonly NamedDataset[], maxScanBytes: number): HydrationPlan {
  const reads = tables.map((table) => ({
    ...table,
    reads: table.dataset.files.map((file): FileRead => ({ file, bytes: "whole" })),
  }));
  const sizes = new Map(
    reads.flatMap((table) => table.reads.map(({ file: { object } }) => [object.uri, object.sizeBytes])),
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
