import { type Body, eachOf } from "../stores/body.ts";

/** Written at a time: each write is a trip to another thread. */
const defaultBufferBytes = 512 * 1024;
/** Kept for the next ones: as many as ranges are under way at once. */
const maxKept = 32;

/** Writes what a body brings, in order; also what came before it broke. `write` is done with the bytes when it settles. */
export type WriteGathered = (body: Body, write: (bytes: Uint8Array) => Promise<void>) => Promise<void>;

/**
 * Gathers chunks of a body in a buffer that was used before, and writes it when it is full, while the next ones go into
 * another. The chunks may go at once: kept until a write of many is done they outlive V8's collections of the young, and
 * those of all then cost more than the copy.
 */
export function createWriteGathered(bufferBytes = defaultBufferBytes): WriteGathered {
  const kept: Buffer[] = [];
  const newBuffer = () => kept.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  return async (body, write) => {
    let [gathering, spare] = [newBuffer(), undefined as Buffer | undefined];
    let filled = 0;
    let writing: Promise<void> | undefined;
    const beginToWrite = () => {
      const full = gathering.subarray(0, filled);
      [gathering, spare, filled] = [spare ?? newBuffer(), gathering, 0];
      writing = write(full);
      // Whoever waits for it is told.
      writing.catch(() => {});
    };
    const fillAndWrite = async (chunk: Uint8Array) => {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + bufferBytes - filled);
        gathering.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < bufferBytes) return;
        await writing;
        beginToWrite();
      }
    };
    try {
      await eachOf(body, (chunk) => {
        if (chunk.length >= bufferBytes - filled) return fillAndWrite(chunk);
        gathering.set(chunk, filled);
        filled += chunk.length;
        return undefined;
      });
    } finally {
      await writing;
      if (filled > 0) await write(gathering.subarray(0, filled));
      for (const buffer of spare ? [gathering, spare] : [gathering]) {
        if (kept.length < maxKept) kept.push(buffer);
      }
    }
  };
}
