import { open } from "node:fs/promises";
import type { ByteRange, ObjectCache, SparseFile } from "../cache/cache.ts";
import { claimOf } from "../formats/file-name.ts";
import type { DetectedFormat, FormatHints } from "../formats/format.ts";
import { firstTailBytes, footerStart, minParquetBytes, parquetEndBytes } from "../formats/parquet-tail.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject } from "../stores/store.ts";
import { nameOf } from "./dataset.ts";

/** Whether a file is taken for Parquet until its end says otherwise. */
export function claimsParquet({ location }: StoredObject, { format }: FormatHints): boolean {
  if (format !== undefined) return format === "parquet";
  const { extension, compression } = claimOf(nameOf(location));
  return compression === "none" && ["parquet", "pq", "parq"].includes(extension);
}

/**
 * A Parquet file on local disk with nothing but its footer fetched. Undefined for one that does not end as Parquet
 * does. Throws `changed`, `unsupported`.
 */
export async function openParquet(
  cache: ObjectCache,
  object: StoredObject,
  scope: LakeScope,
): Promise<SparseFile | undefined> {
  const { sizeBytes } = object;
  if (sizeBytes < minParquetBytes) return undefined;
  const file = await cache.sparse(object, scope);
  try {
    await fetchEnd(file, sizeBytes - firstTailBytes(sizeBytes), scope);
    const end = await readLocal(file.path, { start: sizeBytes - parquetEndBytes, end: sizeBytes });
    const start = footerStart(end, sizeBytes);
    if (start !== undefined) {
      await fetchEnd(file, start, scope);
      return file;
    }
  } catch (thrown) {
    file.release();
    throw thrown;
  }
  file.release();
  return undefined;
}

/** What is said of a file that ends as Parquet does, whatever else it holds. */
export const parquetFormat: DetectedFormat = { format: "parquet", compression: "none", notes: [] };

/** The format of a file that claims to be Parquet and ends as it does. Nothing but its end is fetched. */
export async function parquetByItsEnd(
  cache: ObjectCache,
  object: StoredObject,
  hints: FormatHints,
  scope: LakeScope,
): Promise<DetectedFormat | undefined> {
  const file = claimsParquet(object, hints) ? await openParquet(cache, object, scope) : undefined;
  file?.release();
  return file && parquetFormat;
}

async function fetchEnd(file: SparseFile, start: number, scope: LakeScope): Promise<void> {
  await file.ensure([{ start, end: file.sizeBytes }], scope, { maxGapBytes: 0 });
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
