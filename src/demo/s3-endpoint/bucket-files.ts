import { createHash } from "node:crypto";
import { constants, type Dirent, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { noSuchKey } from "./s3-error.ts";
import type { ObjectHeaders, WrittenObject, WrittenObjects } from "./written-objects.ts";

/** What is known of an object from when it was made. Holds while size and time of the file are still the same. */
export interface RecordedObject {
  sizeBytes: number;
  /** Milliseconds since the epoch. */
  modifiedMs: number;
  /** MD5 of the content in hexadecimal: what S3 gives as ETag of a plain upload. */
  md5: string;
}

/** A folder served as a bucket. */
export interface BucketFolder {
  name: string;
  /** Absolute path. */
  path: string;
  /** By key. Objects without a record get an ETag from size, time and file number. */
  recorded?: ReadonlyMap<string, RecordedObject>;
  /** What is written to it. Left out: nothing can be. */
  writable?: WritablePrefix;
}

/** Keys of a bucket that may be written. The folder has no files of them: they are kept in memory, and gone with it. */
export interface WritablePrefix {
  /** Such as `exports/`. */
  prefix: string;
  objects: WrittenObjects;
}

/** Undefined for a key that cannot be written. */
export function writableAt({ writable }: BucketFolder, key: string): WrittenObjects | undefined {
  const isBelow = writable && key.startsWith(writable.prefix) && key.length > writable.prefix.length;
  return isBelow ? writable.objects : undefined;
}

export interface ObjectInfo {
  key: string;
  sizeBytes: number;
  /** With its quotes. */
  etag: string;
  lastModified: Date;
}

/** An open object. Whoever opened it closes it. */
export interface OpenObject extends ObjectInfo {
  /** Of who wrote it. */
  headers?: ObjectHeaders;
  /** Bytes from `position` on, `length` at most; none behind the end. */
  read(position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Keys with `prefix`, in the order of their UTF-8 bytes. Links and other special files are no objects. */
export async function listKeys(bucket: BucketFolder, prefix: string): Promise<string[]> {
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const keys: string[] = [];
  if (folder === "" || (await isInside(bucket, folder.slice(0, -1)))) await walk(bucket.path, folder, keys);
  keys.push(...(bucket.writable?.objects.keys() ?? []));
  return keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => ({ key, bytes: Buffer.from(key) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ key }) => key);
}

async function walk(root: string, folder: string, keys: string[]): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  for (const entry of entries) {
    if (entry.isFile()) keys.push(folder + entry.name);
    else if (entry.isDirectory()) await walk(root, `${folder}${entry.name}/`, keys);
  }
}

/** Size, ETag and time of one listed key; `undefined` when it has gone since. */
export async function statObject(bucket: BucketFolder, key: string): Promise<ObjectInfo | undefined> {
  const written = writableAt(bucket, key)?.get(key);
  if (written) return infoOf(written);
  try {
    return describe(bucket, key, await lstat(join(bucket.path, key)));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Opens what was written by a key, or its file. Throws `NoSuchKey` for all else that is not a plain file inside the
 * bucket's folder.
 */
export async function openObject(bucket: BucketFolder, key: string): Promise<OpenObject> {
  const written = writableAt(bucket, key)?.get(key);
  if (written) return openWritten(written);
  if (!(await isInside(bucket, key))) throw noSuchKey(key);
  // A link put there since the check is not followed, and a pipe does not block.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  let file: FileHandle;
  try {
    file = await open(join(bucket.path, key), flags);
  } catch (error) {
    throw isMissing(error) ? noSuchKey(key) : error;
  }
  const stats = await file.stat();
  if (stats.isFile()) return { ...describe(bucket, key, stats), ...readingOf(file) };
  await file.close();
  throw noSuchKey(key);
}

function readingOf(file: FileHandle): Pick<OpenObject, "read" | "close"> {
  return {
    async read(position, length) {
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await file.read(buffer, 0, length, position);
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}

function openWritten(object: WrittenObject): OpenObject {
  const { bytes, headers } = object;
  return {
    ...infoOf(object),
    headers,
    read: async (position, length) => bytes.subarray(position, position + length),
    close: async () => {},
  };
}

function infoOf({ key, bytes, etag, lastModified }: WrittenObject): ObjectInfo {
  return { key, sizeBytes: bytes.length, etag, lastModified };
}

/** Whether a key names something inside by itself, with no `..`, no empty step and no link on the way. */
async function isInside(bucket: BucketFolder, key: string): Promise<boolean> {
  const steps = key.split("/");
  if (steps.some((step) => step === "" || step === "." || step === ".." || step.includes("\0"))) return false;
  if (sep !== "/" && key.includes(sep)) return false;
  try {
    return (await realpath(join(bucket.path, key))) === join(await realpath(bucket.path), ...steps);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function describe(bucket: BucketFolder, key: string, stats: Stats): ObjectInfo {
  const recorded = bucket.recorded?.get(key);
  const unchanged =
    recorded?.sizeBytes === stats.size && Math.abs(recorded.modifiedMs - stats.mtimeMs) < 1_000;
  const seen = `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
  const md5 = unchanged ? recorded.md5 : createHash("md5").update(seen).digest("hex");
  return { key, sizeBytes: stats.size, etag: `"${md5}"`, lastModified: stats.mtime };
}

const missingCodes: ReadonlySet<unknown> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "ENXIO"]);

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && missingCodes.has(error.code);
}
