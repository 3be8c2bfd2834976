import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where reference files are looked for: in `SLUICE_GOLDEN_DIR`, else beside the repository. */
export const goldenRoot = resolve(
  process.env.SLUICE_GOLDEN_DIR ?? join(import.meta.dirname, "../../../shared/golden"),
);

/** Reference tables of Delta Lake, where they are at hand. */
export function goldenFolder(): string | undefined {
  const folder = join(goldenRoot, "delta");
  return existsSync(folder) ? folder : undefined;
}

export interface GoldenTable {
  name: string;
  /** Of the table; its `_delta_log` may be missing. */
  path: string;
  /** Parquet files of the rows a reader must return, where the table is readable. */
  expected?: string;
}

/** All tables of the folder, by name. */
export function goldenTables(folder: string): GoldenTable[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name): GoldenTable[] => {
      const path = join(folder, name, "delta");
      const own = existsSync(path) ? path : join(folder, name);
      const expected = join(folder, name, "expected");
      if (existsSync(expected)) return [{ name, path: own, expected }];
      if (existsSync(join(own, "_delta_log"))) return [{ name, path: own }];
      const nested = readdirSync(own, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      const tables = nested.filter((entry) => existsSync(join(own, entry.name, "_delta_log")));
      if (tables.length === 0) return [{ name, path: own }];
      return tables.map((entry) => ({ name: `${name}/${entry.name}`, path: join(own, entry.name) }));
    });
}
