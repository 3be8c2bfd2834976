import { createReadStream } from "node:fs";
import type { SparseFile } from "../cache/cache.ts";
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
      return {
        etag,
        sizeBytes,
        start,
        body: createReadStream(raw.path, { start, end: endExclusive - 1, signal }),
      };
    },
  };
}
