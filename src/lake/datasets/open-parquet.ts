import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { ByteRange, ObjectCache, SparseFile } from "../cache/cache.ts";
import { claimOf } from "../formats/file-name.ts";
import type { DetectedFormat, FormatHints } from "../formats/format.ts";
import { hasGeoKey } from "../formats/parquet-geo.ts";
import {
  firstTailBytes,
  footerStart,
  isFetchedWhole,
  minParquetBytes,
  parquetEndBytes,
} from "../formats/parquet-tail.ts";
import { schemaBytes } from "../formats/parquet-thrift.ts";
import { wideDecimals } from "../formats/parquet-wide-decimals.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject } from "../stores/store.ts";
import { nameOf } from "./dataset.ts";

/** A Parquet file on local disk, of which nothing but the footer need be there. */
export interface ParquetFile extends SparseFile {
  /** Equal for files that have the same columns. Undefined where that cannot be told. */
  schemaId: string | undefined;
  /** Columns that hold decimals of more than 38 digits, which the engine reads wrongly. */
  wideDecimals: readonly string[];
}

/** Opens Parquet files, and remembers of each version where its footer begins. */
export interface ParquetFiles {
  /**
   * The file with its footer fetched. Undefined for one that does not end as Parquet does. Throws `changed`,
   * `unsupported`.
   */
  open(object: StoredObject, scope: LakeScope): Promise<ParquetFile | undefined>;
  /** Whether it was opened lately, so that it need not be fetched again. */
  isKnown(object: StoredObject, scope: LakeScope): boolean;
  /** The `schemaId` of a file that was opened lately, where it has one. */
  knownSchema(object: StoredObject, scope: LakeScope): string | undefined;
}

/** What is remembered of a file. */
interface Footer {
  start: number;
  schemaId: string | undefined;
  wideDecimals: readonly string[];
}

const rememberedFooters = 50_000;

export function createParquetFiles(cache: ObjectCache): ParquetFiles {
  const known = new RecentMap<Footer>(rememberedFooters);
  const remember = (key: string, footer: Footer | undefined) => {
    if (footer) known.set(key, footer);
  };
  return {
    knownSchema: (object, scope) => known.get(versionKey(object, scope))?.schemaId,
    isKnown: (object, scope) => known.get(versionKey(object, scope)) !== undefined,
    async open(object, scope) {
      const { sizeBytes } = object;
      if (sizeBytes < minParquetBytes) return undefined;
      const key = versionKey(object, scope);
      const file = isFetchedWhole(sizeBytes)
        ? await cache.object(object, scope, (pieces) => remember(key, footerOf(pieces, sizeBytes)))
        : await cache.sparse(object, scope);
      try {
        const before = known.get(key);
        if (before) await fetchEnd(file, before.start, scope);
        const footer = before ?? (await findFooter(file, scope));
        remember(key, footer);
        if (footer) return { ...file, schemaId: footer.schemaId, wideDecimals: footer.wideDecimals };
      } catch (thrown) {
        file.release();
        throw thrown;
      }
      file.release();
      return undefined;
    },
  };
}

/** Names one version of an object as a tenant sees it: by its place, which says with whose credentials it is read. */
export function versionKey({ location, etag, sizeBytes }: StoredObject, { tenantId }: LakeScope): string {
  return JSON.stringify([tenantId, location, etag, sizeBytes]);
}

async function findFooter(file: SparseFile, scope: LakeScope): Promise<Footer | undefined> {
  const { path, sizeBytes } = file;
  const tailStart = sizeBytes - firstTailBytes(sizeBytes);
  await fetchEnd(file, tailStart, scope);
  const tail = await readLocal(path, { start: tailStart, end: sizeBytes });
  const start = footerStart(tail.subarray(-parquetEndBytes), sizeBytes);
  if (start === undefined) return undefined;
  await fetchEnd(file, start, scope);
  return start >= tailStart
    ? footerIn(tail, tailStart)
    : footerIn(await readLocal(path, { start, end: sizeBytes }), start);
}

/** Mostly the last piece of a file holds all of its footer. */
function footerOf(pieces: readonly Uint8Array[], sizeBytes: number): Footer | undefined {
  const last = pieces.at(-1) ?? new Uint8Array();
  return footerIn(last, sizeBytes - last.length) ?? footerIn(Buffer.concat(pieces), 0);
}

/** By the end of a file, from `from` on, with all of its footer. */
function footerIn(end: Uint8Array, from: number): Footer | undefined {
  const start = footerStart(end.subarray(-parquetEndBytes), from + end.length);
  if (start === undefined || start < from) return undefined;
  const footer = end.subarray(start - from);
  return { start, schemaId: schemaIdOf(footer), wideDecimals: wideDecimals(footer) };
}

/** Of a file that is on local disk as a whole. */
export async function wideDecimalsOf(path: string, sizeBytes: number): Promise<readonly string[]> {
  const tail = await readLocal(path, { start: Math.max(0, sizeBytes - parquetEndBytes), end: sizeBytes });
  const start = footerStart(tail, sizeBytes);
  return start === undefined ? [] : wideDecimals(await readLocal(path, { start, end: sizeBytes }));
}

/** Geometry columns are told by more than their names and types. */
function schemaIdOf(footer: Uint8Array): string | undefined {
  const schema = hasGeoKey(footer) ? undefined : schemaBytes(footer);
  return schema && createHash("sha256").update(schema).digest("base64url");
}

async function fetchEnd(file: SparseFile, start: number, scope: LakeScope): Promise<void> {
  const end = [{ start, end: file.sizeBytes }];
  if (file.missing(end).length > 0) await file.ensure(end, scope, { maxGapBytes: 0 });
}

/** Whether a file is taken for Parquet until its end says otherwise. */
export function claimsParquet({ location }: StoredObject, { format }: FormatHints): boolean {
  if (format !== undefined) return format === "parquet";
  const { extension, compression } = claimOf(nameOf(location));
  return compression === "none" && ["parquet", "pq", "parq"].includes(extension);
}

/** What is said of a file that ends as Parquet does, whatever else it holds. */
export const parquetFormat: DetectedFormat = { format: "parquet", compression: "none", notes: [] };

/** The format of a file that claims to be Parquet and ends as it does. Nothing but its end is fetched. */
export async function parquetByItsEnd(
  files: ParquetFiles,
  object: StoredObject,
  hints: FormatHints,
  scope: LakeScope,
): Promise<DetectedFormat | undefined> {
  const file = claimsParquet(object, hints) ? await files.open(object, scope) : undefined;
  file?.release();
  return file && parquetFormat;
}

/** Bytes of a local file; fewer where it ends before. */
export async function readLocal(path: string, { start, end }: ByteRange): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
