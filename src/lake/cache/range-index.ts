import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { errnoOf, ifMissing, sizeOf } from "../stores/errno.ts";
import { createRangeSet, type RangeSet, tidyRanges } from "./byte-ranges.ts";
import type { ByteRange } from "./cache.ts";
import type { CacheFolder } from "./folder.ts";
import { createTurns } from "./in-turn.ts";
import type { Pin } from "./pins.ts";

/** Stands for the boot in a line whose bytes were brought to the disk itself. */
const synced = "synced";

/**
 * Which bytes of a sparse file are there, as `entries/<key>/ranges` has it: a line `<inode> <start> <end> <boot>
 * <crc32>` for each range, added by one write after the bytes themselves. A line that is torn is dropped. One of
 * another boot of the machine is believed only where the bytes were synced, and one of another inode never: it
 * speaks of a file that was evicted and made anew meanwhile.
 */
export interface RangeIndex {
  held: RangeSet;
  /** Takes over what other processes added, where there is anything new. */
  refresh(): Promise<void>;
  /** Says that the range is in the file. Known to others after `flush`. */
  note(range: ByteRange): void;
  flush(): Promise<void>;
  /** Bytes a power cut would lose. */
  unsyncedBytes(): number;
  /** Everything held was brought to the disk. */
  noteSynced(ranges: readonly ByteRange[]): Promise<void>;
}

export const indexName = "ranges";

/** Lines more than there are ranges before the index is written anew. */
const spareLines = 256;

/** The index of an entry that was there. */
export async function openRangeIndex(folder: CacheFolder, key: string, inode: number): Promise<RangeIndex> {
  const lines = createLines(folder, join(folder.entries, key, indexName), inode);
  await lines.load();
  return indexOf(folder, lines);
}

/** The index of an entry that was just made. */
export function newRangeIndex(folder: CacheFolder, key: string, inode: number): RangeIndex {
  return indexOf(folder, createLines(folder, join(folder.entries, key, indexName), inode));
}

/** The index of an entry that is there whole, and so has none on disk. */
export function wholeRangeIndex(folder: CacheFolder, key: string, { inode, sizeBytes }: Pin): RangeIndex {
  const lines = createLines(folder, join(folder.entries, key, indexName), inode);
  lines.held.add({ start: 0, end: sizeBytes });
  return indexOf(folder, lines);
}

function indexOf(folder: CacheFolder, lines: ReturnType<typeof createLines>): RangeIndex {
  const inTurn = createTurns();
  const noted: ByteRange[] = [];
  const { held, kept } = lines;
  return {
    held,
    refresh: () => inTurn(lines.refresh),
    note(range) {
      held.add(range);
      noted.push(range);
    },
    flush: () =>
      inTurn(async () => {
        if (noted.length === 0) return;
        const ranges = noted.splice(0);
        try {
          await lines.append(tidyRanges(ranges, Number.MAX_SAFE_INTEGER), folder.bootId);
        } catch (thrown) {
          noted.push(...ranges);
          throw thrown;
        }
      }),
    unsyncedBytes: () => held.bytes() - kept.bytes(),
    noteSynced: (ranges) =>
      inTurn(async () => {
        for (const range of ranges) kept.add(range);
        await lines.append(ranges, synced);
      }),
  };
}

/** The lines on disk, and what they say: `held` is there, and of that `kept` outlasts a power cut. */
function createLines(folder: CacheFolder, path: string, inode: number) {
  const [held, kept] = [createRangeSet(), createRangeSet()];
  let [knownBytes, count] = [0, 0];
  const load = async () => {
    const text = await ifMissing(readFile(path, "utf8"), "");
    knownBytes = Buffer.byteLength(text);
    const found = readLines(text, inode);
    count = found.length;
    for (const { range, boot } of found) {
      if (boot === synced) kept.add(range);
      if (boot === synced || boot === folder.bootId) held.add(range);
    }
  };
  const rewrite = async () => {
    await load();
    const unsynced = kept.gaps(held.all());
    const lines = [
      ...kept.all().map((range) => lineOf(inode, range, synced)),
      ...unsynced.map((range) => lineOf(inode, range, folder.bootId)),
    ];
    count = lines.length;
    knownBytes = await replace(folder, path, lines.join(""));
  };
  return {
    held,
    kept,
    load,
    async refresh() {
      if ((await sizeOf(path)) !== knownBytes) await load();
    },
    async append(ranges: readonly ByteRange[], boot: string) {
      // Begins with a line end of its own, where the line before was torn.
      const text = `\n${ranges.map((range) => lineOf(inode, range, boot)).join("")}`;
      if (!(await appended(path, text))) return;
      knownBytes += text.length;
      count += ranges.length;
      if (count > 2 * held.all().length + spareLines) await rewrite();
    },
  };
}

function lineOf(inode: number, { start, end }: ByteRange, boot: string): string {
  const body = `${inode} ${start} ${end} ${boot}`;
  return `${body} ${crc32(body).toString(16)}\n`;
}

function readLines(text: string, inode: number): { range: ByteRange; boot: string }[] {
  return text.split("\n").flatMap((line) => {
    const [, body, ofInode, start, end, boot, check] =
      /^((\d+) (\d+) (\d+) (\S+)) ([0-9a-f]{1,8})$/.exec(line) ?? [];
    if (body === undefined || boot === undefined) return [];
    if (check !== crc32(body).toString(16) || ofInode !== String(inode)) return [];
    return [{ range: { start: Number(start), end: Number(end) }, boot }];
  });
}

/** False where the entry was evicted: there is nothing to say of it any more. */
function appended(path: string, text: string): Promise<boolean> {
  const written = appendFile(path, text, { mode: 0o600 }).then(() => true);
  return ifMissing(written, false);
}

/** At once, so that nobody reads half of it. What others add meanwhile is forgotten, and fetched again. */
async function replace(folder: CacheFolder, path: string, text: string): Promise<number> {
  const next = join(folder.instance.temporary, folder.newId());
  try {
    await writeFile(next, text, { mode: 0o600 });
    await rename(next, path);
  } catch (thrown) {
    await rm(next, { force: true });
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
  }
  return text.length;
}
