import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type CorpusDataset, oneFile } from "./dataset.ts";

/** Files of apache/parquet-testing where `folder` holds them; empty, with its name in `skipped`, where it does not. */
export function goldenFiles(folder: string): { datasets: CorpusDataset[]; skipped: string[] } {
  const datasets: CorpusDataset[] = [];
  const skipped: string[] = [];
  for (const kind of ["data", "data/geospatial", "bad_data"]) {
    const place = join(folder, "parquet", kind);
    if (!existsSync(place)) {
      skipped.push(`${place}: not there`);
      continue;
    }
    for (const file of readdirSync(place)
      .filter((name) => name.endsWith(".parquet"))
      .sort()) {
      const name = `golden_${kind.replace("/", "_")}_${file.replace(/\.parquet$/, "").replace(/[^a-zA-Z0-9]/g, "_")}`;
      datasets.push(oneFile(name, join(place, file)));
    }
  }
  return { datasets, skipped };
}
