import type { FileHandle } from "node:fs/promises";

/** One open file for all who write to it at a time; closed when nobody does, since files open are few. */
export function createFileWriter(open: () => Promise<FileHandle>) {
  let users = 0;
  let opening: Promise<FileHandle> | undefined;
  return async (work: (file: FileHandle) => Promise<void>): Promise<void> => {
    users++;
    opening ??= open();
    const file = opening;
    try {
      await work(await file);
    } finally {
      if (--users === 0) {
        opening = undefined;
        await file.then(
          (handle) => handle.close(),
          () => {},
        );
      }
    }
  };
}
