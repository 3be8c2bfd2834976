import { readdir, truncate } from "node:fs/promises";
import { join } from "node:path";

/**
 * Takes the bytes of all files in a folder off the disk and leaves their names. ext4 takes seconds to make files for a while
 * after thousands were removed: that would be the next question's expense, and most of all of whoever keeps many files.
 */
export async function emptyFiles(folder: string): Promise<void> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of found) if (entry.isFile()) await truncate(join(entry.parentPath, entry.name));
}
