import { ToolError } from "../core/errors.ts";
import type { Location } from "./location.ts";
import { formatLocation, parseLocation, quoteName } from "./location-names.ts";
import type { AllowedBucket, LakeSettings, LocalRoot } from "./settings.ts";

/** A path as the root it lies in and the names below it: none is `..`, `.` or empty. */
export interface RootedPath {
  root: LocalRoot;
  segments: string[];
}

/**
 * What may be read, by name alone. Stores ask it for everything they list or read; what lies behind a local
 * name (links, devices) is checked when the file is opened.
 *
 * An allowed prefix ending in `/` allows every key that starts with it. Any other prefix `p` allows the key
 * `p` itself and keys under `p/`: `data` never allows `data-evil`. The empty prefix allows the whole bucket.
 */
export interface Boundaries {
  /** Parses a caller's name. Throws `invalid_input` for a bad form, `denied` where nothing may be read or listed. */
  resolve(uri: string): Location;
  /** Throws `denied` unless the very object may be read. */
  checkReadable(location: Location): void;
  /** Whether a key of a bucket, or every key under a prefix, may be read. */
  allowsKey(bucket: string, key: string): boolean;
  /** Allowed prefixes of the bucket that lie under `prefix`, which is itself too high to be read. Sorted, none inside another. */
  prefixesBelow(bucket: string, prefix: string): string[];
  /** Throws `denied` outside every root. */
  locate(path: string): RootedPath;
}

/** Only what the settings name is inside. */
export function createBoundaries(settings: Pick<LakeSettings, "buckets" | "localRoots">): Boundaries {
  const allowsKey = (bucket: string, key: string) =>
    settings.buckets.some((allowed) => allowed.bucket === bucket && isInside(allowed, key));
  const prefixesBelow = (bucket: string, prefix: string) => {
    const below = settings.buckets
      .filter((allowed) => allowed.bucket === bucket && allowed.prefix.startsWith(prefix))
      .map((allowed) => allowed.prefix)
      .sort();
    return below.filter((inner, index) =>
      below.slice(0, index).every((outer) => !isInside({ prefix: outer }, inner)),
    );
  };
  const locate = (path: string) => locateIn(settings.localRoots, path);
  const checkReadable = (location: Location) => {
    if (location.kind === "local") locate(location.path);
    else if (!allowsKey(location.bucket, location.key)) throw outside(formatLocation(location));
  };
  return {
    resolve(uri) {
      const location = parseLocation(uri);
      const above = location.kind === "s3" && prefixesBelow(location.bucket, location.key).length > 0;
      if (!above) checkReadable(location);
      return location;
    },
    checkReadable,
    allowsKey,
    prefixesBelow,
    locate,
  };
}

/** The one answer for everything outside, whether it exists or not. */
export function outside(name: string): ToolError {
  return new ToolError(
    "denied",
    `${quoteName(name)} is outside what may be read here. lake_list_sources names the places that may be.`,
  );
}

/** Whether a key, or every key under a prefix, is in what is allowed of its bucket. Also holds for the key that a server which folds `..` away would make of it. */
export function isInside({ prefix }: Pick<AllowedBucket, "prefix">, key: string): boolean {
  return startsInside(prefix, key) && startsInside(prefix, foldDots(key));
}

function startsInside(prefix: string, key: string): boolean {
  if (prefix === "" || key === prefix) return true;
  return key.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

function foldDots(key: string): string {
  if (!/(^|\/)\.{1,2}(\/|$)/.test(key)) return key;
  const kept: string[] = [];
  for (const segment of key.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== ".") kept.push(segment);
  }
  return kept.join("/");
}

/** `..` is refused outright: what it means depends on links, and no caller needs it. */
function locateIn(roots: readonly LocalRoot[], path: string): RootedPath {
  const segments = segmentsOf(path);
  if (!path.startsWith("/") || path.includes("\0") || segments.includes("..")) throw outside(path);
  let best: RootedPath | undefined;
  for (const root of roots) {
    const above = segmentsOf(root.path);
    const inside = above.every((segment, index) => segments[index] === segment);
    if (inside && (!best || above.length > segmentsOf(best.root.path).length)) {
      best = { root, segments: segments.slice(above.length) };
    }
  }
  if (!best || !isBelow(best)) throw outside(path);
  return best;
}

function isBelow({ root: { below }, segments }: RootedPath): boolean {
  return below?.some((names) => names.every((name, at) => segments[at] === name)) ?? true;
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "" && segment !== ".");
}
