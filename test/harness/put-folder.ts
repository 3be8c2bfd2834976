import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { TestLake } from "./lake.ts";

/** Puts every file of a folder on local disk into the lake's bucket, under its path below the folder. */
export async function putFolder(lake: TestLake, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) await lake.put(relative(folder, path), await readFile(path));
  }
}
