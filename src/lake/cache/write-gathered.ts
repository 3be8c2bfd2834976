/** Written at a time: each write is a trip to another thread. */
const defaultBufferBytes = 512 * 1024;
/** Kept for the next ones: as many as ranges are under way at once. */
const maxKept = 32;

/** Writes what a body brings, in order; also what came before it broke. `write` is done with the bytes when it settles. */
export type WriteGathered = (
  body: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
) => Promise<void>;

/**
 * Gathers chunks of a body in a buffer that was used before, and writes it when it is full. The chunks may go at once:
 * kept until a write of many is done they outlive V8's collections of the young, and those of all then cost more than
 * the copy.
 */
export function createWriteGathered(bufferBytes = defaultBufferBytes): WriteGathered {
  const kept: Buffer[] = [];
  return async (body, write) => {
    const buffer = kept.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
    let filled = 0;
    const flush = async () => {
      const bytes = buffer.subarray(0, filled);
      filled = 0;
      if (bytes.length > 0) await write(bytes);
    };
    try {
      for await (const chunk of body) {
        for (let at = 0; at < chunk.length; ) {
          const part = chunk.subarray(at, at + bufferBytes - filled);
          buffer.set(part, filled);
          filled += part.length;
          at += part.length;
          if (filled === bufferBytes) await flush();
        }
      }
    } finally {
      await flush();
      if (kept.length < maxKept) kept.push(buffer);
    }
  };
}
