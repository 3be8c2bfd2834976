import type { FileHandle } from "node:fs/promises";
import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import type { ReadRequest, Store, StoredObject } from "../stores/store.ts";

export interface DownloadOptions {
  store: Pick<Store, "read">;
  /** Most bytes of one request. */
  partBytes: number;
  /** Shared by all downloads of the process. */
  gate: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A range whose connection broke goes on where it was, so often. */
const resumesPerPart = 2;

/**
 * Fills a range of `file` with the object's, insisting on the same version. Throws `changed` where it is gone. What
 * the range holds after a throw is undefined.
 */
export async function downloadRange(
  { store }: DownloadOptions,
  object: StoredObject,
  file: FileHandle,
  { start, end }: { start: number; end: number },
  signal: AbortSignal,
  onBytes: (count: number) => void,
): Promise<void> {
  let position = start;
  for (let resumes = 0; ; resumes++) {
    const result = await store.read(rangeRequest(object, position, end), signal);
    if (result.sizeBytes !== object.sizeBytes) throw changed(object);
    try {
      for await (const chunk of result.body) {
        await writeAll(file, chunk, position);
        position += chunk.length;
        onBytes(chunk.length);
      }
      if (position !== end) throw changed(object);
      return;
    } catch (thrown) {
      if (position === end && isBroken(thrown)) return;
      if (signal.aborted || resumes >= resumesPerPart || !isBroken(thrown)) throw thrown;
    }
  }
}

function rangeRequest({ location, etag, sizeBytes }: StoredObject, start: number, end: number): ReadRequest {
  const whole = start === 0 && end === sizeBytes;
  return whole ? { location, ifMatch: etag } : { location, ifMatch: etag, start, endExclusive: end };
}

function isBroken(thrown: unknown): boolean {
  return thrown instanceof ToolError && (thrown.code === "unavailable" || thrown.code === "timeout");
}

/** A nearly full disk takes a part of a write before it refuses the rest. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

function changed({ uri }: StoredObject): ToolError {
  return new ToolError(
    "changed",
    `${quoteName(uri)} was changed meanwhile. Call again to read it as it is now.`,
  );
}
