import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** A file that is only written to at its end. What it was told to do outlasts a crash of the machine. */
export interface AppendFile {
  /** Writes all of it, or throws with part of it written. */
  append(bytes: Buffer): Promise<void>;
  /** Cuts the file off. */
  cut(sizeBytes: number): Promise<void>;
  /** Whether the file still lies in its folder: a deleted one takes writes all the same. */
  isThere(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens a file to append to, and makes it where there is none. For its owner only. */
export type OpenAppendFile = (path: string) => Promise<AppendFile>;

/**
 * On Linux a write to a file opened so is one with `fdatasync` after it, open(2), for half the ways to the thread pool and
 * back. Elsewhere the flag is not there, or promises less than a sync: macOS leaves it in the disk's cache.
 */
const writeSyncs = process.platform === "linux";
const { O_APPEND, O_CREAT, O_WRONLY, O_DSYNC } = constants;

export const openAppendFile: OpenAppendFile = async (path) => {
  const handle = await open(path, writeSyncs ? O_APPEND | O_CREAT | O_WRONLY | O_DSYNC : "a", 0o600);
  return {
    async append(bytes) {
      await writeAll(handle, bytes);
      if (!writeSyncs) await handle.datasync();
    },
    async cut(sizeBytes) {
      await handle.truncate(sizeBytes);
      await handle.datasync();
    },
    isThere: async () => (await handle.stat()).nlink > 0,
    close: () => handle.close(),
  };
};

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done)).bytesWritten;
  }
}

/** Makes the names in a folder outlast a crash of the machine. Windows has no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
