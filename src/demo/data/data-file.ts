/** Where a file of the sample lake lies: a bucket or the local root. */
export const placeNames = ["demo-lake", "demo-logs", "demo-files"] as const;
export type PlaceName = (typeof placeNames)[number];

/** A file of the sample lake before it is written. */
export interface DataFile {
  place: PlaceName;
  /** Path inside the place, steps joined by `/`. */
  key: string;
  content: string | Uint8Array;
  /** Compress before writing. The key says so by ending in `.gz`. */
  gzip?: boolean;
  /** When the shop's systems would have written it. */
  modified: Date;
}

/** Files with what is known of them from how they were made. */
export interface MadeFiles<Facts> {
  files: DataFile[];
  facts: Facts;
}
