import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../stores/errno.ts";
import { diskBytes } from "./disk-bytes.ts";
import { isWholeKey } from "./folder.ts";
import { indexName } from "./range-index.ts";

/** An entry as it lies on disk. */
export interface SurveyedEntry {
  key: string;
  sizeBytes: number;
  lastUsedMs: number;
}

export interface Survey {
  /** Least recently used first. */
  entries: SurveyedEntry[];
  /** Files in the making and reservations of other processes, and pinned files whose entry is gone. */
  otherBytes: number;
}

interface FoundFile {
  inode: number;
  sizeBytes: number;
  mtimeMs: number;
}

/** Looks at the whole cache folder. A file with several names is counted once. */
export async function survey(entriesFolder: string, instances: string, own: string): Promise<Survey> {
  const entries: SurveyedEntry[] = [];
  const counted = new Set<number>();
  for (const key of await namesIn(entriesFolder)) {
    if (isWholeKey(key)) {
      const stats = await gone(stat(join(entriesFolder, key)));
      if (!stats) continue;
      counted.add(stats.ino);
      entries.push({ key, sizeBytes: diskBytes(stats), lastUsedMs: stats.mtimeMs });
      continue;
    }
    const files = await filesIn(join(entriesFolder, key), diskBytes);
    const data = files.get("data");
    if (!data) continue;
    for (const { inode } of files.values()) counted.add(inode);
    entries.push({ key, sizeBytes: sumBytes(files), lastUsedMs: data.mtimeMs });
  }
  let otherBytes = 0;
  for (const file of await filesInUse(instances, own, counted)) {
    if (counted.has(file.inode)) continue;
    counted.add(file.inode);
    otherBytes += file.sizeBytes;
  }
  return { entries: entries.sort((a, b) => a.lastUsedMs - b.lastUsedMs), otherBytes };
}

/** Own files in the making are counted as claims already. */
async function filesInUse(instances: string, own: string, counted: Set<number>): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const name of await namesIn(instances)) {
    const temporary = join(instances, name, "tmp");
    for (const folder of await namesIn(temporary)) {
      const files = [...(await filesIn(join(temporary, folder))).values()];
      if (name === own) for (const { inode } of files) counted.add(inode);
      else found.push(...files);
    }
    if (name !== own) found.push(...(await filesIn(join(instances, name))).values());
    found.push(...(await filesIn(join(instances, name, "pins"), diskBytes)).values());
  }
  return found;
}

function sumBytes(files: Map<string, FoundFile>): number {
  let sum = 0;
  for (const { sizeBytes } of files.values()) sum += sizeBytes;
  return sum;
}

/** What is in the making, or reserved, counts at its full size. An index is left out: it is small, and goes with its data. */
async function filesIn(
  folder: string,
  measure: (stats: Stats) => number = ({ size }) => size,
): Promise<Map<string, FoundFile>> {
  const files = new Map<string, FoundFile>();
  for (const name of await namesIn(folder)) {
    if (name === indexName) continue;
    const stats = await gone(stat(join(folder, name)));
    if (stats?.isFile()) {
      files.set(name, { inode: stats.ino, sizeBytes: measure(stats), mtimeMs: stats.mtimeMs });
    }
  }
  return files;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await gone(readdir(folder))) ?? [];
}

/** Other processes remove files while they are looked at. */
async function gone<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw thrown;
  }
}
