import { stat } from "node:fs/promises";
import { ToolError } from "../../core/errors.ts";
import { readParquetFooter } from "../formats/parquet-footer.ts";
import { quoteName } from "../location-names.ts";
import type { Scan, ScanFile } from "../sql/engine.ts";
import { readLocal } from "./open-parquet.ts";

/** Footers looked at to say why a statement failed. */
const maxLookedAt = 256;

/**
 * What is to be said of a statement that failed: of a damaged Parquet file the engine may only say that it needs
 * too much memory, or nothing that helps. Gives `invalid_input` with the file and its damage, else what was thrown.
 */
export async function faultOfFiles(scans: readonly Scan[], thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof ToolError) || !["too_large", "unsupported"].includes(thrown.code)) return thrown;
  const files = scans.flatMap((scan) => (scan.format === "parquet" ? scan.files : []));
  for (const file of files.slice(0, maxLookedAt)) {
    const damage = await damageOf(file);
    if (damage) {
      const { message, details } = damage;
      return new ToolError("invalid_input", `${quoteName(file.uri)}: ${message}`, { details, cause: thrown });
    }
  }
  return thrown;
}

async function damageOf({ path }: ScanFile): Promise<ToolError | undefined> {
  try {
    const { size } = await stat(path);
    await readParquetFooter((start, end) => readLocal(path, { start, end }), size);
  } catch (thrown) {
    // What the footer's reader does not know otherwise says nothing of why the engine failed.
    if (thrown instanceof ToolError && thrown.code === "invalid_input") return thrown;
  }
  return undefined;
}
