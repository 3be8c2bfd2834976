import type { LakeScope } from "../scope.ts";
import type { StoredObject } from "../stores/store.ts";
import type { CacheCounts } from "./counts.ts";

/** A file on local disk that nobody evicts before `release`. */
export interface PinnedFile {
  path: string;
  sizeBytes: number;
  /** Of a file that lies outside the cache: throws `changed` where it was written over since it was opened. */
  verify?(): Promise<void>;
  release(): void;
  /** As `release`. Settles when the file's name is gone. */
  close?(): Promise<void>;
}

/** Bytes from `start` up to and without `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/** What `ensure` had to do itself: nothing for what was there, or was on its way for others. */
export interface Fetched {
  fetchedBytes: number;
  requests: number;
}

/**
 * An object's file at its full size, of which only some ranges may be there yet: the rest reads as zeros.
 * Gives back with `release`, after which nothing may be asked of it.
 */
export interface SparseFile extends PinnedFile {
  /** What of `ranges` is not there, sorted, merged, clipped to the file. Empty for a local file read in place. */
  missing(ranges: readonly ByteRange[]): ByteRange[];
  /**
   * Brings what is missing of `ranges`. What others fetch already is waited for, not fetched twice. Ranges are
   * joined over gaps of up to `maxGapBytes` (32 KiB where it is left out), split, and fetched in parallel, each
   * read insisting on the version. Throws `changed`, `too_large` where the cache has no room for them,
   * `unavailable`, `timeout` once the scope is stopped. What was brought before a throw stays, but for
   * `changed`, and for the first of an object where the disk is full.
   */
  ensure(
    ranges: readonly ByteRange[],
    scope: LakeScope,
    options?: { maxGapBytes?: number },
  ): Promise<Fetched>;
}

/** Makes derived content of a key: writes the file at `path`, and may leave facts about it as JSON. */
export type Derive = (path: string, signal: AbortSignal) => Promise<unknown>;

/**
 * Local copies of objects and of what was made from them, keyed by tenant, bucket, key, ETag and size, evicted
 * least recently used first by the bytes they take on disk. Concurrent askers share each fetch. A crash never leaves
 * a torn entry, nor one that claims bytes it does not have.
 */
export interface ObjectCache {
  /**
   * Opens the object's file without fetching anything, whatever its size. Local objects are given in place, as far
   * as so many files may be open. Throws `changed` for those, `unavailable` where the folder cannot be used.
   */
  sparse(object: StoredObject, scope: LakeScope): Promise<SparseFile>;
  /**
   * The whole object as it is stored: its sparse file with all of it ensured, a small one by one request. Local objects
   * are given in place, as far as so many files may be open. `onFetched` is shown the pieces of a small one that was
   * fetched for this asker. Throws `changed`, `too_large`.
   */
  object(
    object: StoredObject,
    scope: LakeScope,
    onFetched?: (pieces: readonly Uint8Array[]) => void,
  ): Promise<SparseFile>;
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
  /**
   * A folder, not made yet and never given twice, in which files that are pinned may get further hard links for as long
   * as they are pinned. Goes with this process, and is swept by the next one where this one was killed.
   */
  newLinksFolder(): Promise<string>;
  /** Bytes on disk now, and the cap. */
  usage(): { usedBytes: number; maxBytes: number };
  /** What it did so far. */
  counts(): Readonly<CacheCounts>;
  close(): Promise<void>;
}
