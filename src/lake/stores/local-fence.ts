import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { join } from "node:path";
import { ToolError } from "../../core/errors.ts";
import { outside, type RootedPath } from "../boundaries.ts";
import { quoteName } from "../location-names.ts";
import { errnoOf } from "./errno.ts";
import type { PrivatePaths } from "./private-paths.ts";

/** How a caller named the path, for messages. */
export interface FenceRequest extends RootedPath {
  name: string;
}

export interface FenceOptions {
  allowHardLinks: boolean;
  /**
   * Whether `/proc/self/fd/<n>/<name>` opens `name` in the very folder held open as `n`, so that nothing on
   * the way can be swapped. Without it every component is looked at before and after.
   */
  anchored: boolean;
  /** Below roots, and yet outside. */
  privatePaths: PrivatePaths;
}

/** A file inside its root, held open, and what it was when it was opened. */
export interface OpenedFile {
  handle: FileHandle;
  stats: BigIntStats;
}

// Non-blocking, so that opening a FIFO nobody writes to returns at once.
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens a regular file below a root without following a link anywhere below it. Throws `denied` for links,
 * hard links (unless allowed), devices and what the system refuses; `not_found`; `invalid_input` for names
 * the file system cannot hold.
 */
export async function openFile(request: FenceRequest, options: FenceOptions): Promise<OpenedFile> {
  const handle = await openInside(request, options, openFlags);
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isDirectory()) {
      throw new ToolError("invalid_input", `${quoteName(request.name)} is a folder. Name a file in it.`);
    }
    if (!stats.isFile()) throw notRegular(request.name);
    if (stats.nlink > 1n && !options.allowHardLinks) {
      throw new ToolError(
        "denied",
        `${quoteName(request.name)} has more than one name (hard links), and another may lie outside what this server may read. The setting lake.allowHardLinks permits such files.`,
      );
    }
    return { handle, stats };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** Opens a folder likewise. Throws `not_found` where it is no folder. Its entries are at {@link childPath}. */
export function openFolder(request: FenceRequest, options: FenceOptions): Promise<FileHandle> {
  return openInside(request, options, openFlags | constants.O_DIRECTORY);
}

/** Where to find `name` in an open folder; `""` for the folder itself. */
export function childPath(folder: FileHandle, realFolder: string, name: string, anchored: boolean): string {
  return join(anchored ? `/proc/self/fd/${folder.fd}` : realFolder, name);
}

/** The root's path with every link resolved. Throws `unavailable` when the root is not there. */
export async function realRoot({ root }: RootedPath): Promise<string> {
  try {
    return await realpath(root.path);
  } catch (cause) {
    throw new ToolError("unavailable", `The local root ${quoteName(root.name)} cannot be opened.`, { cause });
  }
}

async function openInside(request: FenceRequest, options: FenceOptions, flags: number): Promise<FileHandle> {
  const base = await realRoot(request);
  if (await options.privatePaths.hold(join(base, ...request.segments))) throw outside(request.name);
  try {
    return options.anchored
      ? await openAnchored(base, request, flags)
      : await openChecked(base, request, flags);
  } catch (thrown) {
    throw toFenceError(thrown, request.name);
  }
}

/** Step by step from the root, each folder opened from the one before: `openat` with the means Node has. */
async function openAnchored(base: string, { segments, name }: FenceRequest, flags: number) {
  let current = await open(base, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const [index, segment] of segments.entries()) {
      const path = `/proc/self/fd/${current.fd}/${segment}`;
      const isLast = index === segments.length - 1;
      if (isLast && !(flags & constants.O_DIRECTORY)) await refuseSpecial(path, name);
      const next = await open(path, isLast ? flags : openFlags | constants.O_DIRECTORY).catch((thrown) =>
        refuseLink(path, name, thrown),
      );
      await current.close();
      current = next;
    }
    return current;
  } catch (thrown) {
    await current.close();
    throw thrown;
  }
}

async function openChecked(base: string, { segments, name }: FenceRequest, flags: number) {
  const path = join(base, ...segments);
  await refuseLinks(base, segments, name);
  if (!(flags & constants.O_DIRECTORY)) await refuseSpecial(path, name);
  const handle = await open(path, flags);
  try {
    await refuseLinks(base, segments, name);
    const [opened, named] = await Promise.all([handle.stat({ bigint: true }), lstat(path, { bigint: true })]);
    if (opened.ino !== named.ino || opened.dev !== named.dev) throw outside(name);
    return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function refuseLinks(base: string, segments: readonly string[], name: string): Promise<void> {
  let path = base;
  for (const segment of segments) {
    path = join(path, segment);
    if ((await lstat(path)).isSymbolicLink()) throw outside(name);
  }
}

/** Opening a device can do something, so it is looked at first. A swap in between is caught by the check after opening. */
async function refuseSpecial(path: string, name: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) throw outside(name);
  if (!stats.isFile() && !stats.isDirectory()) throw notRegular(name);
}

/** A link where a folder was asked for fails with ENOTDIR, as a file does: tell them apart. */
async function refuseLink(path: string, name: string, thrown: unknown): Promise<never> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isSymbolicLink()) throw outside(name);
  throw thrown;
}

function notRegular(name: string): ToolError {
  return new ToolError("denied", `${quoteName(name)} is not a regular file, and only those are read.`);
}

function toFenceError(thrown: unknown, name: string): unknown {
  const code = errnoOf(thrown);
  if (thrown instanceof ToolError || code === undefined) return thrown;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new ToolError("not_found", `${quoteName(name)} does not exist.`, { cause: thrown });
  }
  if (code === "ELOOP") return outside(name);
  if (code === "ENAMETOOLONG" || code === "EINVAL") {
    return new ToolError("invalid_input", `${quoteName(name)} is no name the file system can hold.`, {
      cause: thrown,
    });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new ToolError("denied", `The server's user may not read ${quoteName(name)}.`, { cause: thrown });
  }
  return new ToolError("unavailable", `${quoteName(name)} cannot be read now.`, { cause: thrown });
}
