import { existsSync } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Children, firstJsonLine } from "../children.ts";

/** Goes up with every change to what the generator writes. */
const version = 1;

/** Where the data is kept once it was made. */
export const cacheDir = join(import.meta.dirname, "..", "..", ".cache", "bench-lake");
/** Order lines of what the bounds are for. */
export const wholeRows = 6_000_000;

export const datasets = ["parquet", "csv", "files", "delta"] as const;
export type DatasetName = (typeof datasets)[number];

/** Where each dataset lies below the served folder. A name that ends in `/` is a folder. */
export const keyOf: Readonly<Record<DatasetName, string>> = {
  parquet: "lineitem.parquet",
  csv: "lineitem.csv",
  files: "files/",
  delta: "delta/",
};

export interface LakeData {
  rows: number;
  /** Served as a bucket. */
  folder: string;
  sizeBytes: Record<"parquet" | "csv", number>;
  /** Live data files of the Delta table, relative to the table. */
  deltaFiles: string[];
}

const manifestShape = z.object({ rows: z.int(), deltaFiles: z.array(z.string()) });

/** The data of `rows` order lines, made by a process of its own where `cacheDir` does not hold it. */
export async function openLakeData(
  cacheDir: string,
  rows: number,
  children: Children,
  generator: string,
): Promise<LakeData> {
  const made = join(cacheDir, `v${version}-${rows}`);
  if (!existsSync(made)) {
    await mkdir(cacheDir, { recursive: true });
    await firstJsonLine(children.start(generator, [made, String(rows)]));
  }
  const manifest = manifestShape.parse(JSON.parse(await readFile(join(made, "manifest.json"), "utf8")));
  const folder = join(made, "served");
  const sizeOf = async (name: "parquet" | "csv") => (await stat(join(folder, keyOf[name]))).size;
  return { ...manifest, folder, sizeBytes: { parquet: await sizeOf("parquet"), csv: await sizeOf("csv") } };
}
