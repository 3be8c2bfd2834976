import { type FileHandle, open } from "node:fs/promises";

/** A file that is only written to at its end. */
export interface AppendFile {
  /** Writes all of it, or throws with part of it written. */
  append(bytes: Buffer): Promise<void>;
  /** Resolves once what was written outlasts a crash of the machine. */
  sync(): Promise<void>;
  /** Cuts the file off. */
  cut(sizeBytes: number): Promise<void>;
  /** Whether the file still lies in its folder: a deleted one takes writes all the same. */
  isThere(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens a file to append to, and makes it where there is none. For its owner only. */
export type OpenAppendFile = (path: string) => Promise<AppendFile>;

export const openAppendFile: OpenAppendFile = async (path) => {
  const handle = await open(path, "a", 0o600);
  return {
    append: (bytes) => writeAll(handle, bytes),
    sync: () => handle.datasync(),
    cut: (sizeBytes) => handle.truncate(sizeBytes),
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
