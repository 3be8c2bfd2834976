import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import { createPins } from "./pins.ts";
import type { NamedDataset } from "./plan-hydration.ts";
import { createScanBudget } from "./scan-budget.ts";
import { largeText, startSizes } from "./start-page.ts";
import { startTable } from "./start-table.ts";
import type { LakeParts, OpenTable } from "./with-tables.ts";

/**
 * Hands `work` the start of a large text file as the table of a statement that takes its first `firstRows` rows and
 * no others. `undefined` where the statement asks for more, or the start does not hold it.
 */
export async function withStart<T>(
  parts: LakeParts,
  [table, ...others]: readonly NamedDataset[],
  firstRows: number | undefined,
  scope: LakeScope,
  work: (tables: OpenTable[]) => Promise<T>,
): Promise<T | undefined> {
  if (firstRows === undefined || !table || others.length > 0) return undefined;
  const { name, otherNames = [], dataset } = table;
  const detected = await largeText(parts, dataset, scope);
  if (!detected) return undefined;
  for (const size of startSizes) {
    const pins = createPins();
    const holds = { pins, budget: createScanBudget(parts.settings.query.maxScanBytes) };
    try {
      const start = await startTable(parts, { dataset, detected, size }, holds, scope);
      if (!start?.analysis || start.analysis.rowCount < firstRows) continue;
      return await work([{ ...start, name, otherNames }]);
    } catch (thrown) {
      // A member of JSON that is named may come later in the file.
      if (detected.format === "ndjson" && isInvalid(thrown)) return undefined;
      throw thrown;
    } finally {
      await pins.releaseAll();
    }
  }
  return undefined;
}

function isInvalid(thrown: unknown): boolean {
  return thrown instanceof ToolError && thrown.code === "invalid_input";
}
