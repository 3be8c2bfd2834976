import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import type { Dependency } from "../../adapters/http/health.ts";

/** Whether the cache's folder can be written. Queries need it; buckets and roots may be down one by one while the rest works. */
export async function checkCacheFolder(dir: string): Promise<Dependency> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK);
    return { name: "cache", ready: true };
  } catch (thrown) {
    const { code = "unknown" } = thrown as NodeJS.ErrnoException;
    return { name: "cache", ready: false, detail: `lake.cache.dir cannot be written (${code})` };
  }
}
