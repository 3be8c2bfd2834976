import { pipeline, Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { ToolError } from "../../core/errors.ts";
import type { Compression } from "./format.ts";
import { ZstdDecoder } from "./zstd.ts";

/**
 * The decompressed stream, whatever number of gzip members or zstd frames it is made of. Throws
 * `invalid_input` for damaged or cut data. How much comes out is for the reader to bound: nothing is
 * decompressed that is not asked for.
 */
export function decompress(
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncIterable<Uint8Array> {
  if (compression === "none") return source;
  return compression === "gzip" ? gunzip(source) : unzstd(source);
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const output = createGunzip({ chunkSize: 256 * 1024 });
  // The loop below gets the error of either stream, so the callback has nothing to add.
  pipeline(Readable.from(nonEmpty(source)), output, () => {});
  let sizeBytes = 0;
  try {
    for await (const chunk of output) {
      sizeBytes += chunk.length;
      yield chunk;
    }
  } catch (thrown) {
    if (!isZlibFault(thrown)) throw thrown;
    const what = thrown.code === "Z_BUF_ERROR" ? "it ends too early" : "a part cannot be decompressed";
    throw new ToolError(
      "invalid_input",
      `The gzip data is damaged: ${what}, after ${sizeBytes} decompressed bytes.`,
      { cause: thrown },
    );
  }
}

/** A stream of objects takes an empty chunk for its end. */
async function* nonEmpty(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) if (chunk.length > 0) yield chunk;
}

function isZlibFault(thrown: unknown): thrown is Error & { code: string } {
  return (
    thrown instanceof Error &&
    "code" in thrown &&
    typeof thrown.code === "string" &&
    thrown.code.startsWith("Z_")
  );
}

/** Output between two turns of the event loop: decompressing here is synchronous. */
const breathBytes = 8 * 1024 * 1024;

async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new ZstdDecoder();
  let sinceBreathBytes = 0;
  for await (const chunk of source) {
    for (const part of decoder.push(chunk)) {
      yield part;
      sinceBreathBytes += part.length;
      if (sinceBreathBytes > breathBytes) {
        sinceBreathBytes = 0;
        await setImmediate();
      }
    }
  }
  decoder.end();
}
