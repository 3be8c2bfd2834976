import { createReadStream } from "node:fs";
import type { SparseFile } from "../cache/cache.ts";
import { stopError } from "../stores/stopped.ts";
import type { Store, StoredObject } from "../stores/store.ts";

/** Reads the object, what is there of `raw` from there. The file must be pinned for as long as that lasts. */
export function heldFirst(
  store: Pick<Store, "read">,
  raw: SparseFile,
  { etag, sizeBytes }: StoredObject,
): Pick<Store, "read"> {
  return {
    async read(request, signal) {
      const { start = 0, endExclusive = sizeBytes, suffixBytes } = request;
      const isHeld = raw.missing([{ start, end: endExclusive }]).length === 0;
      if (!isHeld || suffixBytes !== undefined || start >= endExclusive) return store.read(request, signal);
      return { etag, sizeBytes, start, body: partOf(raw.path, start, endExclusive, signal) };
    },
  };
}

async function* partOf(
  path: string,
  start: number,
  endExclusive: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { start, end: endExclusive - 1, signal, highWaterMark: 1024 * 1024 });
  } catch (thrown) {
    throw signal.aborted ? stopError(signal) : thrown;
  }
}
