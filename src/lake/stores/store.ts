import type { Location } from "../location.ts";
import type { RecentMap } from "../recent-map.ts";
import type { Body } from "./body.ts";

/** One stored object or file at one version. */
export interface StoredObject {
  /** As a caller may name it again: `s3://bucket/key` or an absolute path. */
  uri: string;
  location: Location;
  sizeBytes: number;
  /** Changes whenever the content does. S3's ETag with its quotes; for files, inode, size and mtime. */
  etag: string;
  lastModified: Date;
  storageClass?: string;
}

/** What only a HEAD request tells. */
export interface ObjectDetails extends StoredObject {
  contentType?: string;
  contentEncoding?: string;
  /** Such as `AES256` or `aws:kms`. */
  encryption?: string;
  kmsKeyId?: string;
  versionId?: string;
  userMetadata?: Record<string, string>;
}

export interface ListRequest {
  /**
   * A prefix of keys, taken as S3 does: `s3://b/day` also lists `s3://b/day-2/x`. On local disk a folder, all of
   * it, or a file, which lists itself; `not_found` where there is neither.
   */
  location: Location;
  /** `/` gives one level: what lies deeper is named in `prefixes`. */
  delimiter?: "/";
  /** From an earlier page. */
  after?: string;
  /** Begin behind this name below `location`, whether anything has it or not. Of the first page. */
  startAfter?: string;
  /** At most so many; a page may hold fewer and still have a `next`. */
  maxKeys: number;
}

export interface ListPage {
  objects: StoredObject[];
  /** URIs of the next level, each ending in `/`. */
  prefixes: string[];
  /** Give it as `after` to go on. */
  next?: string;
}

export interface ReadRequest {
  location: Location;
  /** First byte. Left out together with `endExclusive`: the whole object. */
  start?: number;
  endExclusive?: number;
  /** The last bytes of the object, in place of a range. */
  suffixBytes?: number;
  /** Read this version or throw `changed`. */
  ifMatch?: string;
}

export interface ReadResult {
  etag: string;
  /** Size of the whole object. */
  sizeBytes: number;
  /** Offset of the first byte of `body`. */
  start: number;
  body: Body;
}

/**
 * Reads one kind of place. Every way in goes through a store that holds the boundaries. All methods throw
 * `not_found`, `denied`, `unavailable`, `throttled`, `timeout`; reads throw `changed` where `ifMatch` fails, and
 * when the body is shorter or longer than said or of another range than asked, `unavailable` when the connection
 * breaks on the way. A range past the end gives what there is, down to nothing.
 */
export interface Store {
  list(request: ListRequest, signal: AbortSignal): Promise<ListPage>;
  head(location: Location, signal: AbortSignal): Promise<ObjectDetails>;
  read(request: ReadRequest, signal: AbortSignal): Promise<ReadResult>;
}

/** A bucket or local root that may be read. */
export interface Place {
  kind: "s3" | "local";
  /** Bucket or root name. */
  name: string;
  /** Give it to a tool as it is: `s3://bucket/` or the root's path. */
  uri: string;
  region?: string;
  createdAt?: Date;
  /** Prefixes that may be read, where not all of it. */
  prefixes?: string[];
}

/** All stores behind their boundaries: the only way from a name in a call to bytes. */
export interface Stores extends Store {
  /** Parses and checks a name a caller gave. Throws `invalid_input` for a bad form, `denied` outside the boundaries. */
  resolve(uri: string): Location;
  places(signal: AbortSignal): Promise<Place[]>;
  /** Where the pages of listings ended when they were last made. Hints: what is listed by them is checked. */
  pageEnds: RecentMap<readonly string[]>;
  /**
   * Opens a local file for a query worker without copying it. The path stays valid until `release`, and names
   * the very file that was checked whatever happens to its name. Throws `changed` on a different etag; so does
   * `verify`, to be asked once it was read, since a file can be written over in place.
   */
  openLocal(
    object: StoredObject,
  ): Promise<{ path: string; verify(): Promise<void>; release(): Promise<void> }>;
}
