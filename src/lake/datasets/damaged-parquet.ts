import { stat } from "node:fs/promises";
import { ToolError } from "../../core/errors.ts";
import { damagedParquet, readParquetFooter } from "../formats/parquet-footer.ts";
import type { Scan, ScanFile } from "../sql/engine.ts";
import { faultOfFile } from "./name-file.ts";
import { readLocal } from "./open-parquet.ts";

/** Footers looked at to say why a statement failed. */
const maxLookedAt = 256;

/**
 * What is to be said of a statement that failed: of a damaged Parquet file the engine may only say that it needs
 * too much memory, or nothing that helps. Gives `invalid_input` with the file and its damage, else what was thrown.
 */
export async function faultOfFiles(scans: readonly Scan[], thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof ToolError) || !mayBeOfFiles(thrown)) return thrown;
  const files = scans.flatMap((scan) => (scan.format === "parquet" ? scan.files : []));
  for (const file of files.slice(0, maxLookedAt)) {
    const damage = await damageOf(file);
    if (damage) {
      const { message, details } = damage;
      return faultOfFile(file.uri, new ToolError("invalid_input", message, { details, cause: thrown }));
    }
  }
  return thrown;
}

/** The engine takes names out of a footer whether they are text or not. */
function mayBeOfFiles({ code, message }: ToolError): boolean {
  const isOfFooter = /Invalid unicode|\ufffd|Parquet file/.test(message);
  return code === "too_large" || code === "unsupported" || isOfFooter;
}

async function damageOf({ path }: ScanFile): Promise<ToolError | undefined> {
  try {
    const { size } = await stat(path);
    const { columns } = await readParquetFooter((start, end) => readLocal(path, { start, end }), size);
    if (columns.some(({ name }) => name.includes("\ufffd")))
      return damagedParquet("a column's name is no text");
  } catch (thrown) {
    // What the footer's reader does not know otherwise says nothing of why the engine failed.
    if (thrown instanceof ToolError && thrown.code === "invalid_input") return thrown;
  }
  return undefined;
}
