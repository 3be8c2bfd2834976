import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Scan, ScanFile } from "./engine.ts";
import type { PreparedFile } from "./protocol.ts";
import type { PreparedText } from "./scan/prepared.ts";

interface Entry {
  text: PreparedText;
  /** Of the copy; 0 where the source itself is read. */
  sizeBytes: number;
}

const maxEntries = 10_000;

/**
 * Remembers what scans of text files found, and keeps the copies they made, by the identity of the file on
 * disk (device, inode, size, times) and how it was read. Least recently used first, bounded by bytes.
 */
export class PreparedStore {
  private readonly entries = new Map<string, Entry>();
  private usedBytes = 0;
  private readonly folder: string;
  private readonly maxBytes: number;

  constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  async find(file: ScanFile, scan: Scan): Promise<PreparedText | undefined> {
    const key = await keyOf(file, scan);
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.text;
  }

  /** What a worker found of files of `scans`. */
  async keepFound(scans: readonly Scan[], found: readonly PreparedFile[]): Promise<void> {
    for (const { table, file, text } of found) {
      const scan = scans[table];
      const source = scan?.files[file];
      if (scan && source) await this.keep(source, scan, text);
    }
  }

  /** Takes over what a worker found of the `file`; a copy is moved out of the call's folder. */
  async keep(file: ScanFile, scan: Scan, text: PreparedText): Promise<void> {
    const key = await keyOf(file, scan);
    if (this.entries.has(key)) return;
    if (!text.isCopy) return this.add(key, { text: { ...text, path: file.path }, sizeBytes: 0 });
    const { size } = await stat(text.path);
    if (size > this.maxBytes) return;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const kept = join(this.folder, randomUUID());
    await rename(text.path, kept);
    await this.add(key, { text: { ...text, path: kept }, sizeBytes: size });
  }

  private async add(key: string, entry: Entry): Promise<void> {
    this.entries.set(key, entry);
    this.usedBytes += entry.sizeBytes;
    for (const [oldKey, old] of this.entries) {
      if (this.usedBytes <= this.maxBytes && this.entries.size <= maxEntries) break;
      this.entries.delete(oldKey);
      this.usedBytes -= old.sizeBytes;
      // A call that is reading it keeps its open file; one that has only linked it fails with `changed`.
      if (old.text.isCopy) await rm(old.text.path, { force: true });
    }
  }
}

async function keyOf(file: ScanFile, scan: Scan): Promise<string> {
  const columns = scan.format === "csv" ? scan.columns.length : 0;
  const dialect = scan.format === "csv" ? scan.dialect : null;
  return JSON.stringify([file.version ?? (await identityOf(file.path)), scan.format, dialect, columns]);
}

async function identityOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
