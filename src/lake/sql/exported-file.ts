import { randomUUID } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ExportedFile } from "./engine.ts";
import type { RunReply } from "./protocol.ts";

/** Takes a written file out of its call's folder, which goes with the call. */
export async function keepExported(
  { exported, columns, totalRows }: RunReply,
  written: string,
  folder: string,
): Promise<ExportedFile> {
  if (!exported || totalRows === undefined) throw new TypeError("A query worker wrote no file.");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, randomUUID());
  await rename(written, path);
  return { path, columns, rows: totalRows, ...exported, remove: () => rm(path, { force: true }) };
}
