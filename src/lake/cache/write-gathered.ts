import { type Body, eachOf, freeBytes } from "../stores/body.ts";

/** Written at a time: each write is a trip to another thread. */
const defaultBufferBytes = 256 * 1024;
/** Kept for the next ones: as many as small ranges are under way at once. */
const maxKept = 64;

/** Writes what a body brings, in order; also what came before it broke. `write` is done with the bytes when it settles. */
export type WriteGathered = (body: Body, write: (bytes: Uint8Array) => Promise<void>) => Promise<void>;

/**
 * Gathers chunks of a body in a buffer that was used before, and writes it when it is full, while the next ones go into
 * another. The chunks go at once: kept until a write of many is done they outlive V8's collections of the young, and those of
 * all then cost more than the copy; left to a collection, they have the heap grow by several times what is under way.
 */
export function createWriteGathered(bufferBytes = defaultBufferBytes): WriteGathered {
  const buffers = createBuffers(bufferBytes);
  return async (body, write) => {
    let gathering: Buffer | undefined;
    let filled = 0;
    let writing: Promise<void> | undefined;
    let fault: { thrown: unknown } | undefined;
    /** Takes in what there is room for, and says how much that was. */
    const gather = (chunk: Uint8Array) => {
      gathering ??= buffers.take();
      const part = chunk.length <= bufferBytes - filled ? chunk : chunk.subarray(0, bufferBytes - filled);
      gathering.set(part, filled);
      filled += part.length;
      return part.length;
    };
    const beginToWrite = () => {
      const full = gathering;
      if (!full) return undefined;
      const bytes = full.subarray(0, filled);
      gathering = undefined;
      filled = 0;
      return write(bytes).then(() => buffers.giveBack(full));
    };
    const fillAndWrite = async (chunk: Uint8Array) => {
      const { length } = chunk;
      for (let at = 0; at < length; ) {
        at += gather(chunk.subarray(at));
        if (at === length) freeBytes(chunk);
        if (filled < bufferBytes) return;
        await writing;
        writing = beginToWrite();
        // Told to whoever brings more.
        writing?.catch((thrown: unknown) => {
          fault = { thrown };
        });
      }
    };
    try {
      await eachOf(body, (chunk) => {
        if (fault) throw fault.thrown;
        if (chunk.length >= bufferBytes - filled) return fillAndWrite(chunk);
        gather(chunk);
        freeBytes(chunk);
        return undefined;
      });
    } finally {
      await writing;
      await beginToWrite();
    }
  };
}

function createBuffers(sizeBytes: number) {
  const kept: Buffer[] = [];
  return {
    take: () => kept.pop() ?? Buffer.allocUnsafeSlow(sizeBytes),
    giveBack(buffer: Buffer): void {
      if (kept.length < maxKept) kept.push(buffer);
    },
  };
}
