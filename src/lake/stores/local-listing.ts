import type { BigIntStats, Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ToolError } from "../../core/errors.ts";
import { compareUtf8 } from "../../core/utf8-order.ts";
import { ifMissing } from "./errno.ts";
import { childPath, type FenceOptions, type FenceRequest, openFolder, realRoot } from "./local-fence.ts";

/** A file or folder below the listed folder. */
export interface LocalEntry {
  /** Path relative to the listed folder, in the manner of a key: folders end in `/`. */
  key: string;
  /** Of files. */
  stats?: BigIntStats;
}

export interface WalkRequest extends FenceRequest {
  /** Files of all levels, or files and folders of one. */
  recursive: boolean;
  /** Go on after this key. */
  after: string;
}

/**
 * Files below a folder in byte order of their keys, as S3 lists them. Links and special files are left out:
 * they are never read. What vanishes meanwhile is left out too.
 */
export async function* walkFolder(request: WalkRequest, options: FenceOptions): AsyncGenerator<LocalEntry> {
  const folder = await openFolder(request, options);
  try {
    const realFolder = join(await realRoot(request), ...request.segments);
    const at = (name: string) => childPath(folder, realFolder, name, options.anchored);
    const entries = await readdir(at(""), { withFileTypes: true });
    for (const { key, entry } of inKeyOrder(entries)) {
      if (!mayFollow(key, request.after)) continue;
      if (await options.privatePaths.hold(join(realFolder, entry.name))) continue;
      if (!entry.isDirectory()) {
        const stats = await statFile(at(entry.name));
        if (stats) yield { key, stats };
      } else if (!request.recursive) {
        yield { key };
      } else {
        yield* walkBelow(request, options, entry.name);
      }
    }
  } finally {
    await folder.close();
  }
}

async function* walkBelow(request: WalkRequest, options: FenceOptions, name: string) {
  const key = `${name}/`;
  const below: WalkRequest = {
    ...request,
    name: join(request.name, name),
    segments: [...request.segments, name],
    after: request.after.startsWith(key) ? request.after.slice(key.length) : "",
  };
  try {
    for await (const entry of walkFolder(below, options)) yield { ...entry, key: `${key}${entry.key}` };
  } catch (thrown) {
    if (!(thrown instanceof ToolError && thrown.code === "not_found")) throw thrown;
  }
}

function inKeyOrder(entries: readonly Dirent[]) {
  return entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => ({ entry, key: entry.isDirectory() ? `${entry.name}/` : entry.name }))
    .sort((a, b) => compareUtf8(a.key, b.key));
}

/** Whether `key`, or something below it where it is a folder, comes after `after` in byte order. */
function mayFollow(key: string, after: string): boolean {
  if (key.endsWith("/") && after !== key && after.startsWith(key)) return true;
  return compareUtf8(key, after) > 0;
}

async function statFile(path: string): Promise<BigIntStats | undefined> {
  const stats = await ifMissing(lstat(path, { bigint: true }), undefined);
  return stats?.isFile() ? stats : undefined;
}
