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

/** Makes derived content of a key: writes the file at `path`, and may leave facts about it as JSON. */
export type Derive = (path: string, signal: AbortSignal) => Promise<unknown>;

/**
 * Local copies of objects and of what was made from them, keyed by tenant, bucket, key, ETag and size, evicted
 * least recently used first by bytes. Concurrent askers share one download. A crash never leaves a torn entry.
 */
export interface ObjectCache {
  /** The whole object as it is stored. Local objects are given in place, as far as so many files may be open. Throws `changed`, `too_large`. */
  object(object: StoredObject, scope: LakeScope): Promise<PinnedFile>;
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
