import type { LakeScope } from "../scope.ts";
import type { StoredObject } from "../stores/store.ts";
import type { ByteRange, SparseFile } from "./cache.ts";
import { makingRoom } from "./making-room.ts";
import { sizeOfRanges } from "./range-set.ts";
import type { Space } from "./space.ts";

/** Less than what a further request costs: ranges closer than this are fetched as one. */
const defaultGapBytes = 32 * 1024;
/** What came since the last time is brought to the disk itself, where it is worth that. */
const syncedBytes = 8 * 1024 * 1024;

export const nothingFetched = { fetchedBytes: 0, requests: 0 };

/** A file of the cache, and what of it is there. */
export async function sparseFile(space: Space, object: StoredObject, key: string): Promise<SparseFile> {
  const opened = await space.sparse.open(key, object);
  const { entry } = opened;
  let unsyncedBytes = 0;
  const fetch = async (ranges: readonly ByteRange[], scope: LakeScope, maxGapBytes: number) => {
    const total = sizeOfRanges(entry.missing(ranges));
    if (total === 0) return nothingFetched;
    const { reserve } = space;
    const tools = { reserve, measure: opened.measure, ...progressOf(total, scope) };
    const fetched = await entry.ensure(ranges, maxGapBytes, scope, tools);
    unsyncedBytes += fetched.fetchedBytes;
    return fetched;
  };
  return {
    path: entry.path,
    sizeBytes: object.sizeBytes,
    missing: (ranges) => entry.missing(ranges),
    async ensure(ranges, scope, { maxGapBytes = defaultGapBytes } = {}) {
      const needBytes = sizeOfRanges(entry.missing(ranges));
      return makingRoom(space, object, needBytes, () => fetch(ranges, scope, maxGapBytes));
    },
    release() {
      if (unsyncedBytes < syncedBytes) return opened.release();
      unsyncedBytes = 0;
      void entry
        .sync()
        .catch(() => {})
        .finally(opened.release);
    },
  };
}

/** Told of larger fetches only, at most ten times a second. */
function progressOf(total: number, scope: LakeScope) {
  let done = 0;
  let toldMs = 0;
  return {
    onBytes(count: number) {
      done += count;
      const now = performance.now();
      if (now - toldMs < 100 && done !== total) return;
      toldMs = now;
      scope.progress({ done, total, message: "downloading bytes" });
    },
  };
}
