import { setTimeout as sleep } from "node:timers/promises";

/** How slow the way to the endpoint is made, for measuring. With neither, it is as fast as the machine. */
export interface LinkModel {
  /** Waited before each answer, in milliseconds. */
  firstByteMs?: number;
  /** Of each answer's body. */
  bytesPerSecondPerConnection?: number;
}

/** Waits what passes before the first byte of an answer. */
export async function awaitFirstByte({ firstByteMs }: LinkModel): Promise<void> {
  if (firstByteMs !== undefined && firstByteMs > 0) await sleep(firstByteMs);
}

const largestChunkBytes = 256 * 1024;

/** How much of a body to send at a time: what takes no longer than 20 ms, so that an abort is not kept waiting. */
export function chunkBytesOf({ bytesPerSecondPerConnection = Number.POSITIVE_INFINITY }: LinkModel): number {
  return Math.min(largestChunkBytes, Math.max(1024, Math.floor(bytesPerSecondPerConnection / 50)));
}

/** Gives the chunks on no faster than the model has it. The clock runs from the first chunk, so errors do not add up. */
export async function* pace(
  chunks: AsyncIterable<Uint8Array>,
  { bytesPerSecondPerConnection }: LinkModel,
): AsyncGenerator<Uint8Array> {
  if (bytesPerSecondPerConnection === undefined) {
    yield* chunks;
    return;
  }
  const startedMs = performance.now();
  let sentBytes = 0;
  for await (const chunk of chunks) {
    sentBytes += chunk.length;
    const aheadMs = startedMs + (sentBytes / bytesPerSecondPerConnection) * 1000 - performance.now();
    if (aheadMs > 1) await sleep(aheadMs);
    yield chunk;
  }
}
