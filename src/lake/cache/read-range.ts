import { BrokenBody, changedMeanwhile } from "../stores/interrupted.ts";
import { piecesOf, sumLengths } from "../stores/read-bytes.ts";
import type { ReadRequest, Store, StoredObject } from "../stores/store.ts";
import type { ByteRange } from "./cache.ts";
import type { WriteAt } from "./file-writer.ts";
import type { WriteGathered } from "./write-gathered.ts";

/** A range whose connection broke goes on where it was, so often. */
const resumesPerRange = 2;

export interface RangeRead {
  store: Pick<Store, "read">;
  writeGathered: WriteGathered;
  object: StoredObject;
  range: ByteRange;
  signal: AbortSignal;
  onRequest(): void;
  /** So many bytes more are in the file. */
  onBytes(count: number): void;
}

/**
 * Writes a range of the object to its place in a file, insisting on the version. Throws `changed` where that is
 * gone. What the file holds there after a throw is undefined.
 */
export async function readRange(read: RangeRead, writeAt: WriteAt): Promise<void> {
  const { store, object, range, signal } = read;
  let position = range.start;
  const write = async (bytes: Uint8Array) => {
    await writeAll(writeAt, bytes, position);
    position += bytes.length;
    read.onBytes(bytes.length);
  };
  for (let resumes = 0; ; resumes++) {
    read.onRequest();
    const result = await store.read(rangeRequest(object, position, range.end), signal);
    if (result.sizeBytes !== object.sizeBytes) throw changedMeanwhile(object.uri);
    try {
      await read.writeGathered(result.body, write);
      if (position !== range.end) throw changedMeanwhile(object.uri);
      return;
    } catch (thrown) {
      if (signal.aborted || resumes >= resumesPerRange || !(thrown instanceof BrokenBody)) throw thrown;
    }
  }
}

/** A small object in memory, in pieces. A connection that broke is tried anew. Throws as `readRange` does. */
export async function readWhole(
  store: RangeRead["store"],
  object: StoredObject,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  for (let resumes = 0; ; resumes++) {
    try {
      const { location, etag } = object;
      const { sizeBytes, body } = await store.read({ location, ifMatch: etag }, signal);
      if (sizeBytes !== object.sizeBytes) throw changedMeanwhile(object.uri);
      const pieces = await piecesOf(body);
      if (sumLengths(pieces) !== sizeBytes) throw changedMeanwhile(object.uri);
      return pieces;
    } catch (thrown) {
      if (signal.aborted || resumes >= resumesPerRange || !(thrown instanceof BrokenBody)) throw thrown;
    }
  }
}

function rangeRequest({ location, etag, sizeBytes }: StoredObject, start: number, end: number): ReadRequest {
  const whole = start === 0 && end === sizeBytes;
  return whole ? { location, ifMatch: etag } : { location, ifMatch: etag, start, endExclusive: end };
}

/** A nearly full disk takes a part of a write before it refuses the rest. */
async function writeAll(writeAt: WriteAt, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += await writeAt(bytes.subarray(written), position + written);
  }
}
