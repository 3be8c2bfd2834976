import type { LakeScope } from "../scope.ts";
import type { StoredObject } from "../stores/store.ts";

/** A file on local disk that nobody evicts before `release`. */
export interface PinnedFile {
  path: string;
  sizeBytes: number;
  release(): void;
}

/** Bytes from `start` up to and without `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/** An object's file at its full size, of which only some ranges may be there yet: the rest reads as zeros. */
export interface SparseFile extends PinnedFile {
  /** What of `ranges` is not there, sorted, merged, clipped to the file. Empty for a local file read in place. */
  missing(ranges: readonly ByteRange[]): ByteRange[];
  /** Brings what is missing. Throws `changed`. */
  ensure(
    ranges: readonly ByteRange[],
    scope: LakeScope,
    options?: { maxGapBytes?: number },
  ): Promise<{ fetchedBytes: number; requests: number }>;
}

/** Makes derived content of a key: writes the file at `path`, and may leave facts about it as JSON. */
export type Derive = (path: string, signal: AbortSignal) => Promise<unknown>;

/**
 * Local copies of objects and of what was made from them, keyed by tenant, bucket, key, ETag and size, evicted
 * least recently used first by bytes. Concurrent askers share one download. A crash never leaves a torn entry.
 */
export interface ObjectCache {
  /** The whole object as it is stored. Local objects are given in place, as far as so many files may be open. Throws `changed`, `too_large`. */
  object(object: StoredObject, scope: LakeScope): Promise<PinnedFile>;
  /** The object's file without any of its content fetched. Local objects are whole. */
  sparse(object: StoredObject, scope: LakeScope): Promise<SparseFile>;
  /**
   * A file made from the object once per version and `kind` (such as `utf8-v1`), with the facts `derive` left.
   * The facts come back as parsed JSON: check them with a schema.
   */
  derived(
    object: StoredObject,
    kind: string,
    derive: Derive,
    scope: LakeScope,
  ): Promise<PinnedFile & { facts: unknown }>;
  /** Bytes on disk now, and the cap. */
  usage(): { usedBytes: number; maxBytes: number };
  close(): Promise<void>;
}
