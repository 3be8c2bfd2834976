import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatSizeBytes } from "../../config/quantities.ts";
import type { Settings } from "../../config/schema.ts";
import { keptResults } from "../../lake/settings.ts";
import { type Check, failed, ok, warning, wordsOf } from "./check.ts";

/** Reads each allowed folder. */
export async function checkLocalRoots(roots: Settings["lake"]["localRoots"]): Promise<Check[]> {
  return Promise.all(
    roots.map(async ({ name, path }) => {
      try {
        await readdir(path);
        return ok(`folder ${name}`, `${path} can be read`);
      } catch (thrown) {
        return failed(
          `folder ${name}`,
          rootFault(path, thrown),
          `Create ${path}, give this user the right to read it, or take it out of lake.localRoots.`,
        );
      }
    }),
  );
}

function rootFault(path: string, thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ENOENT") return `${path} does not exist`;
  if (code === "ENOTDIR") return `${path} is no folder`;
  if (code === "EACCES" || code === "EPERM") return `${path} may not be read by this user`;
  return wordsOf(thrown);
}

type Lake = Settings["lake"];

interface DiskSettings {
  cache: Pick<Lake["cache"], "maxBytes">;
  query: Pick<Lake["query"], "workers" | "tempBytes" | "maxResultBytes">;
  exports: Pick<Lake["exports"], "buckets" | "maxBytes">;
}

/** About what may lie in the cache's folder at once: the cache, what queries spill, texts made ready, rows kept, and exports. */
export function mostDiskBytes({ cache, query, exports }: DiskSettings): number {
  const { workers, tempBytes, maxResultBytes } = query;
  const exported = exports.buckets.length > 0 ? workers * exports.maxBytes : 0;
  return cache.maxBytes + workers * tempBytes + tempBytes + keptResults * maxResultBytes + exported;
}

/** Writes to the cache's folder, and compares what is free there to what the settings may use. */
export async function checkCache(dir: string, wantedBytes: number): Promise<Check> {
  const probe = join(dir, `doctor-${randomUUID()}`);
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(probe, "", { flag: "wx" });
    await rm(probe);
    const { bavail, bsize } = await statfs(dir);
    return judgeSpace(dir, bavail * bsize, wantedBytes);
  } catch (thrown) {
    return failed(
      "cache",
      wordsOf(thrown),
      "Give this user the right to write there, or set lake.cache.dir to another folder.",
    );
  }
}

function judgeSpace(dir: string, freeBytes: number, wantedBytes: number): Check {
  const free = `${dir} is writable; ${roughly(freeBytes)} free`;
  if (freeBytes >= wantedBytes) return ok("cache", free);
  return warning(
    "cache",
    `${free}, and the settings may use ${formatSizeBytes(wantedBytes)}, with what lies there already`,
    "Free some space, or lower lake.cache.maxBytes and lake.query.tempBytes.",
  );
}

function roughly(sizeBytes: number): string {
  return `${(sizeBytes / 1024 ** 3).toFixed(1)} GB`;
}
