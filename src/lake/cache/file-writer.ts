import type { FileHandle } from "node:fs/promises";
import { createTurns } from "./in-turn.ts";

/** Writes at a place of the file, as far as the disk takes the bytes, and answers how many it took. */
export type WriteAt = (bytes: Uint8Array, position: number) => Promise<number>;

/**
 * One open file for all who write to it at a time; closed when nobody does, since files open are few. They write in
 * turn: file systems let one write into a file at a time, and the threads of the others would spin until it is done.
 */
export function createFileWriter(open: () => Promise<FileHandle>) {
  let users = 0;
  let opening: Promise<FileHandle> | undefined;
  const inTurn = createTurns();
  return async (work: (write: WriteAt) => Promise<void>): Promise<void> => {
    users++;
    opening ??= open();
    const file = opening;
    try {
      const handle = await file;
      await work((bytes, position) =>
        inTurn(async () => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten),
      );
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
