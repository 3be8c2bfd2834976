import { setImmediate } from "node:timers/promises";
import { ToolError } from "../../core/errors.ts";
import { type DecodeFacts, decodeToUtf8, type InvalidUtf8 } from "./decode.ts";
import { decompress } from "./decompress.ts";
import type { Compression, TextEncoding } from "./format.ts";

/** A text file as it is stored, and how far it may grow. */
export interface TextSource {
  compression: Compression;
  encoding: TextEncoding;
  /** Bound of the UTF-8 text where the file is compressed or in another encoding (`lake.maxDecompressedBytes`). */
  maxDecompressedBytes: number;
  signal: AbortSignal;
  /** Of text that is UTF-8 by its encoding; refused unless told otherwise. */
  invalidUtf8?: InvalidUtf8;
}

/**
 * The file's text as UTF-8 in chunks of up to 128 KiB, without a byte-order mark; valid unless `invalidUtf8` keeps
 * what is not. Throws `too_large` past the bound, `invalid_input` for damaged or undecodable bytes, and what the signal was aborted with.
 */
export async function* utf8Chunks(
  stored: AsyncIterable<Uint8Array>,
  { compression, encoding, maxDecompressedBytes, signal, invalidUtf8 }: TextSource,
  facts: DecodeFacts,
): AsyncGenerator<Buffer> {
  const grows = compression !== "none" || encoding !== "utf-8";
  let sizeBytes = 0;
  let rest = performance.now();
  for await (const chunk of decodeToUtf8(decompress(stored, compression), encoding, facts, invalidUtf8)) {
    sizeBytes += chunk.length;
    if (grows && sizeBytes > maxDecompressedBytes) throw tooLarge(maxDecompressedBytes);
    for (let start = 0; start < chunk.length; start += pieceBytes) {
      signal.throwIfAborted();
      yield chunk.subarray(start, start + pieceBytes);
      // A source that is always ready would keep timers and other calls waiting, and so would slow work on a piece.
      if (performance.now() - rest < turnMs) continue;
      await setImmediate();
      rest = performance.now();
    }
  }
  signal.throwIfAborted();
}

const pieceBytes = 128 * 1024;
/** Other calls wait no longer than about this for their turn. */
const turnMs = 15;

function tooLarge(maxBytes: number): ToolError {
  return new ToolError(
    "too_large",
    `Decompressed and decoded, the file is larger than lake.maxDecompressedBytes (${maxBytes} bytes). Raise that setting, or split the file.`,
    { details: { maxBytes, setting: "lake.maxDecompressedBytes" } },
  );
}
