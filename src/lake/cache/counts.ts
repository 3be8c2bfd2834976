/** What a cache did since it was made. Sums over all who use it. */
export interface CacheCounts {
  /** Uses of an object's file, from its opening to its giving back, that found there all they asked for. */
  objectHits: number;
  /** Those that had to wait for bytes of it, their own fetch or another's. */
  objectMisses: number;
  /** Askings for derived content that was there. */
  derivedHits: number;
  /** Those that had to wait until it was made. */
  derivedMisses: number;
  /** Of objects, as they came; what is given up half-way included. */
  fetchedBytes: number;
  /** Entries that had to go for others, or for a disk that was full. */
  evictions: number;
  /** What they took on disk. */
  evictedBytes: number;
}

export function createCounts(): CacheCounts {
  return {
    objectHits: 0,
    objectMisses: 0,
    derivedHits: 0,
    derivedMisses: 0,
    fetchedBytes: 0,
    evictions: 0,
    evictedBytes: 0,
  };
}
