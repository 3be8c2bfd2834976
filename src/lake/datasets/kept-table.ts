import { jsonDigest } from "../../core/digest.ts";
import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import type { Column, Scan } from "../sql/engine.ts";
import type { HydrationDeps } from "./hydration.ts";
import { joinedType } from "./joined-type.ts";
import type { Pins } from "./pins.ts";
import type { PlainFile } from "./plain-table.ts";

type CsvScan = Extract<Scan, { format: "csv" }>;

/** Smaller files are read again in no time. */
const leastBytes = 64 * 1024 * 1024;

/**
 * The same table out of Parquet in the cache, its rows in no order, for a question of several statements over all of it:
 * text is taken apart once for all of them. The table as it is where Parquet does not pay, or has not all its types.
 */
export async function keptTable(
  deps: HydrationDeps,
  scan: CsvScan,
  files: readonly PlainFile[],
  pins: Pins,
  scope: LakeScope,
): Promise<CsvScan> {
  const sizeBytes = files.reduce((sum, { raw }) => sum + raw.sizeBytes, 0);
  if (sizeBytes < leastBytes || !files.every((file) => hasTypes(file, scan.columns))) return scan;
  try {
    const kept: CsvScan["files"] = [];
    for (const file of files) kept.push(await keepFile(deps, scan, file, pins, scope));
    return { ...scan, files: kept };
  } catch (thrown) {
    if (thrown instanceof ToolError && thrown.code === "too_large") return scan;
    throw thrown;
  }
}

/** Of whole numbers of more than 64 bits Parquet has none. */
function hasTypes({ inspected }: PlainFile, columns: readonly Column[]): boolean {
  return columns.every(({ type }, at) => type !== "HUGEINT" && joinedType([inspected.types[at]]) === type);
}

async function keepFile(
  { cache, engine }: HydrationDeps,
  { dialect, columns }: CsvScan,
  { file: { object, partition }, raw, inspected: { prepared, rowCount } }: PlainFile,
  pins: Pins,
  scope: LakeScope,
): Promise<CsvScan["files"][number]> {
  const { uri } = object;
  const types = columns.map(({ type }) => type);
  const key = jsonDigest([dialect, types], { encoding: "hex", length: 24 });
  const { path, release } = await cache.derived(
    object,
    `typed-v1-${key}`,
    async (targetPath, signal) => {
      const request = { path: raw.path, uri, targetPath, dialect, types, rowCount, prepared };
      await engine.keep(request, { signal, progress: scope.progress });
      await raw.verify?.();
    },
    scope,
  );
  pins.add(release);
  return { path, uri, partition, isConverted: true, isTyped: true };
}
