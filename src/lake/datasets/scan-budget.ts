import { ToolError } from "../../core/errors.ts";

/** Bytes of source objects one statement may read. */
export interface ScanBudget {
  /** Counts what is about to be read. Throws `too_large` past the bound. */
  spend(sizeBytes: number): void;
  /** Whether so many bytes more may be read. */
  allows(sizeBytes: number): boolean;
}

export function createScanBudget(maxScanBytes: number): ScanBudget {
  let spentBytes = 0;
  return {
    allows: (sizeBytes) => spentBytes + sizeBytes <= maxScanBytes,
    spend(sizeBytes) {
      spentBytes += sizeBytes;
      if (spentBytes <= maxScanBytes) return;
      throw new ToolError(
        "too_large",
        `This would read ${spentBytes} bytes or more; lake.query.maxScanBytes allows ${maxScanBytes}. ` +
          "Name fewer columns, filter more, or name fewer files with a narrower folder or a glob.",
        { details: { estimatedBytes: spentBytes, maxScanBytes, setting: "lake.query.maxScanBytes" } },
      );
    },
  };
}
