import { isAbsolute } from "node:path";
import { jsonDigest } from "../core/digest.ts";
import { isInside } from "./boundaries.ts";
import type { AllowedBucket, AllowedTables, AthenaSettings, LakeSettings, LocalRoot } from "./settings.ts";

/** What a caller may read, of what the server may: what lies in both. What is not named is outside. */
export interface Reach {
  buckets: readonly AllowedBucket[];
  /** Names of local roots, or absolute paths of folders. */
  localRoots: readonly string[];
  /** Of Unity Catalog. */
  databricks: readonly AllowedTables[];
  /** Of the Glue catalog. */
  athena: AthenaSettings["tables"];
}

/** Equal for reaches that name the same. */
export function reachKey({ buckets, localRoots, databricks, athena }: Reach): string {
  const sorted = (items: readonly unknown[]) =>
    [...new Set(items.map((item) => JSON.stringify(item)))].sort();
  const named = [
    sorted(buckets.map(({ bucket, prefix }) => [bucket, prefix])),
    sorted(localRoots),
    sorted(databricks),
    sorted(athena.map(({ database, table }) => [database, table])),
  ];
  return jsonDigest(named, { encoding: "base64url", length: 43 });
}

/** Of settings, what says what may be read. */
type Readable = Pick<LakeSettings, "buckets" | "localRoots" | "databricks" | "athena">;

/** The settings of a lake that holds only what is in both. */
export function narrowSettings<S extends Readable>(settings: S, reach: Reach): S {
  const { databricks, athena } = settings;
  return {
    ...settings,
    buckets: inBoth(settings.buckets, reach.buckets, isBucketWithin),
    localRoots: settings.localRoots.flatMap((root) => narrowRoot(root, reach.localRoots)),
    databricks: databricks && {
      ...databricks,
      allow: inBoth(databricks.allow, reach.databricks, isNameWithin),
    },
    athena: athena && { ...athena, tables: inBoth(athena.tables, reach.athena, isTableWithin) },
  };
}

/** Whether anything is in both. */
export function overlaps(settings: Readable, reach: Reach): boolean {
  const { buckets, localRoots, databricks, athena } = narrowSettings(settings, reach);
  return [buckets, localRoots, databricks?.allow, athena?.tables].some((left) => (left?.length ?? 0) > 0);
}

/** Of each pair of which one lies within the other, the inner one. */
function inBoth<T>(ours: readonly T[], theirs: readonly T[], isWithin: (inner: T, outer: T) => boolean): T[] {
  return ours.flatMap((our) =>
    theirs.flatMap((their) => (isWithin(their, our) ? [their] : isWithin(our, their) ? [our] : [])),
  );
}

function isBucketWithin(inner: AllowedBucket, outer: AllowedBucket): boolean {
  return inner.bucket === outer.bucket && isInside(outer, inner.prefix);
}

function isNameWithin(inner: AllowedTables, outer: AllowedTables): boolean {
  return outer.every((part, at) => part === inner[at]);
}

type GlueRule = AthenaSettings["tables"][number];

function isTableWithin(inner: GlueRule, outer: GlueRule): boolean {
  return inner.database === outer.database && (outer.table === "*" || outer.table === inner.table);
}

/**
 * The root stays what it is, and with it what keeps links from leading out: a folder in it that were a root of its own
 * could be a link itself.
 */
function narrowRoot(root: LocalRoot, named: readonly string[]): LocalRoot[] {
  if (named.includes(root.name)) return [root];
  const own = segmentsOf(root.path);
  const folders = named.filter((name) => isAbsolute(name)).map(segmentsOf);
  if (folders.some((folder) => isNameWithin(own, folder))) return [root];
  const below = folders
    .filter((folder) => isNameWithin(folder, own))
    .map((folder) => folder.slice(own.length));
  return below.length > 0 ? [{ ...root, below }] : [];
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
