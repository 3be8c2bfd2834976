import { ToolError } from "../../core/errors.ts";
import { BrokenBody, changedMeanwhile } from "./interrupted.ts";
import type { Store, StoredObject } from "./store.ts";

export interface InOrderOptions {
  store: Pick<Store, "read">;
  /** Bytes of each ranged read. */
  partBytes?: number;
  /** Parts held or under way at once: with the one that is being given out, all that is in memory. */
  parallel?: number;
}

const defaultPartBytes = 4 * 1024 * 1024;
const defaultParallel = 4;
/** A range whose connection broke goes on where it was, so often. */
const resumesPerPart = 2;

/**
 * An object's bytes from the first to the last, fetched by ranges in parallel that each insist on the same version,
 * a bounded number of bytes ahead of whoever takes them. What is under way stops when the walk does. Throws
 * `changed` where the version is gone, and as stores do.
 */
export async function* readInOrder(
  { store, partBytes = defaultPartBytes, parallel = defaultParallel }: InOrderOptions,
  object: StoredObject,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  const ahead: Promise<Uint8Array[]>[] = [];
  let nextStart = 0;
  const goOn = () => {
    if (nextStart >= object.sizeBytes) return;
    const end = Math.min(nextStart + partBytes, object.sizeBytes);
    const part = readPart(store, object, { start: nextStart, end }, either);
    // Whoever takes the part sees its fault; one that is never taken must not end the process.
    part.catch(() => {});
    ahead.push(part);
    nextStart = end;
  };
  try {
    for (let count = 0; count < parallel; count++) goOn();
    for (let part = ahead.shift(); part; part = ahead.shift()) {
      const chunks = await part;
      goOn();
      yield* chunks;
    }
  } finally {
    left.abort(new ToolError("timeout", "Nobody reads on."));
  }
}

async function readPart(
  store: Pick<Store, "read">,
  object: StoredObject,
  { start, end }: { start: number; end: number },
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const { location, etag, sizeBytes } = object;
  const chunks: Uint8Array[] = [];
  let position = start;
  for (let resumes = 0; ; resumes++) {
    try {
      const answer = await store.read(
        { location, ifMatch: etag, start: position, endExclusive: end },
        signal,
      );
      if (answer.sizeBytes !== sizeBytes) throw changedMeanwhile(object.uri);
      for await (const chunk of answer.body) {
        chunks.push(chunk);
        position += chunk.length;
      }
      if (position !== end) throw changedMeanwhile(object.uri);
      return chunks;
    } catch (thrown) {
      if (signal.aborted || resumes >= resumesPerPart || !(thrown instanceof BrokenBody)) throw thrown;
    }
  }
}
