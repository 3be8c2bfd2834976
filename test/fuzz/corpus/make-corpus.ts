import { mkdirSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { arrowFiles } from "./arrow-files.ts";
import type { Corpus } from "./dataset.ts";
import { duckdbFiles } from "./duckdb-files.ts";
import { goldenFiles } from "./golden-files.ts";
import { hyparquetFiles } from "./hyparquet-files.ts";

/** Writes the files of every writer into `place`. The same seed gives the same rows. */
export async function makeCorpus(
  connection: DuckDBConnection,
  { place, seed, golden }: { place: string; seed: number; golden: string },
): Promise<Corpus> {
  mkdirSync(place, { recursive: true });
  const found = goldenFiles(golden);
  return {
    datasets: [
      ...(await duckdbFiles(connection, place, seed)),
      ...hyparquetFiles(place, seed),
      ...arrowFiles(place, seed),
      ...found.datasets,
    ],
    skipped: found.skipped,
  };
}
