import type { LakeScope } from "../scope.ts";
import type { NamedScan } from "../sql/engine.ts";
import { faultOfFiles } from "./damaged-parquet.ts";
import type { Dataset } from "./dataset.ts";
import { hydrateTable } from "./hydrate.ts";
import { hydrateSnapshot } from "./hydrate-snapshot.ts";
import type { HydratedTable, HydrationDeps } from "./hydration.ts";
import { mapBounded } from "./map-bounded.ts";
import { createPins } from "./pins.ts";
import { type NamedDataset, refuseLargeScan } from "./plan-hydration.ts";
import { createScanBudget } from "./scan-budget.ts";

/** What the engine's operations are made of. */
export type LakeParts = HydrationDeps;

/** A table on local disk, for as long as the work on it lasts. */
export interface OpenTable extends HydratedTable {
  name: string;
  otherNames: readonly string[];
  dataset: Dataset;
}

/** Hydrates the tables, each dataset once however many names it has, hands them to `work`, and gives every file back whatever happens. */
export async function withTables<T>(
  parts: LakeParts,
  tables: readonly NamedDataset[],
  scope: LakeScope,
  work: (tables: OpenTable[]) => Promise<T>,
): Promise<T> {
  const { maxScanBytes } = parts.settings.query;
  const distinct = onePerDataset(tables);
  refuseLargeScan(distinct, maxScanBytes);
  const pins = createPins();
  const budget = createScanBudget(maxScanBytes);
  try {
    const open = await mapBounded(distinct, 4, async ({ name, otherNames = [], dataset }) => ({
      ...(dataset.table
        ? await hydrateSnapshot(parts, dataset, dataset.table, { pins, budget }, scope)
        : await parts.tables.open(dataset, { pins, budget }, scope, (holds) =>
            hydrateTable(parts, dataset, holds, scope),
          )),
      name,
      otherNames,
      dataset,
    }));
    try {
      const found = await work(open);
      await pins.verifyAll();
      return found;
    } catch (thrown) {
      throw await faultOfFiles(
        open.map(({ scan }) => scan),
        thrown,
      );
    }
  } finally {
    // Nobody waits for what is given back.
    void pins.releaseAll();
  }
}

/** The tables as a query worker takes them. Names of one dataset share one scan. */
export function scansOf(tables: readonly OpenTable[]): NamedScan[] {
  return tables.flatMap(({ name, otherNames, scan }) =>
    [name, ...otherNames].map((name) => ({ name, scan })),
  );
}

/** Its version says which files a dataset has and how they are to be read, whatever it was called. */
function onePerDataset(tables: readonly NamedDataset[]): NamedDataset[] {
  const byVersion = new Map<string, NamedDataset>();
  for (const table of tables) {
    const same = byVersion.get(table.dataset.version);
    if (!same) byVersion.set(table.dataset.version, table);
    else {
      const otherNames = [...(same.otherNames ?? []), table.name];
      byVersion.set(table.dataset.version, { ...same, otherNames });
    }
  }
  return [...byVersion.values()];
}
