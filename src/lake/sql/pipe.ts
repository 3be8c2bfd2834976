import { execFile } from "node:child_process";
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

/** How often it is looked whether somebody reads. */
const lookEveryMs = 5;

/** Whether this system has named pipes, through which text reaches a worker without lying on disk. */
export const hasPipes = process.platform !== "win32";

/** Makes named pipes (POSIX mkfifo) that only this user may open. */
export async function makePipes(paths: readonly string[]): Promise<void> {
  await promisify(execFile)("mkfifo", ["-m", "600", ...paths]);
}

/**
 * Opens a named pipe for writing as soon as somebody has it open for reading: what is written before that could be
 * lost, and a plain open would block a thread. Writes do not block. Throws what `signal` was aborted with.
 */
export async function openPipe(path: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ENXIO") throw thrown;
      await setTimeout(lookEveryMs);
    }
  }
}

/**
 * Writes a text into a named pipe as fast as it is read there, then closes it. Holds no more than one chunk.
 * Throws what the text throws, `EPIPE` where the reader went away, and what `signal` was aborted with.
 */
export async function feedPipe(
  text: AsyncIterable<Uint8Array>,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const socket = new Socket({ fd: await openPipe(path, signal), readable: false, writable: true });
  // The write under way is told of it.
  socket.on("error", () => {});
  const stop = () => socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of text) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        socket.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
    }
  } finally {
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}
