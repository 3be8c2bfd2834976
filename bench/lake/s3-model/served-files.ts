import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { compareUtf8 } from "../../../src/core/utf8-order.ts";

/** A file as an object. */
export interface ServedFile {
  key: string;
  path: string;
  sizeBytes: number;
  lastModified: Date;
  etag: string;
}

/** The files of a folder, under as many names as are asked for. */
export interface ServedFiles {
  /** The object of `key`, if there is one. */
  find(key: string): ServedFile | undefined;
  /** Objects whose key starts with `prefix`, in the order of S3: by the bytes of their keys. */
  under(prefix: string): ServedFile[];
}

/** `take-<anything>/` before a key names the same file as an object of its own: nobody has seen it yet. */
const takePattern = /^(take-[^/]*\/)(.*)$/s;

/** The take a key belongs to; empty for none. */
export function takeOf(key: string): string {
  return takePattern.exec(key)?.[1]?.slice(0, -1) ?? "";
}

/** Looks at the folder once: the files may not change while they are served. */
export function indexFiles(folder: string): ServedFiles {
  const files = walk(folder, "")
    .map((key) => describe(folder, key))
    .sort((a, b) => compareUtf8(a.key, b.key));
  const byKey = new Map(files.map((file) => [file.key, file]));
  const find = (key: string) => {
    const [, take = "", rest = key] = takePattern.exec(key) ?? [];
    const file = byKey.get(rest);
    return file && taken(file, take);
  };
  return {
    find,
    under(prefix) {
      const [, take = "", rest = prefix] = takePattern.exec(prefix) ?? [];
      return files.filter(({ key }) => key.startsWith(rest)).map((file) => taken(file, take));
    },
  };
}

function taken(file: ServedFile, take: string): ServedFile {
  if (take === "") return file;
  return { ...file, key: take + file.key, etag: `"${take.slice(0, -1)}-${file.etag.slice(1)}` };
}

function walk(folder: string, below: string): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const key = below === "" ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? walk(folder, key) : [key];
  });
}

function describe(folder: string, key: string): ServedFile {
  const path = join(folder, key);
  const { size, mtime } = statSync(path);
  const etag = `"${size.toString(16)}-${Math.floor(mtime.getTime()).toString(16)}"`;
  return { key, path, sizeBytes: size, lastModified: mtime, etag };
}
