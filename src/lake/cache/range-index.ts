import { constants } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { errnoOf } from "../stores/errno.ts";
import type { ByteRange } from "./cache.ts";

/**
 * The file beside an entry's data that says which ranges of it are there: a head with the machine's boot, then a line
 * for each range, appended once its bytes are written. After a kill the lines hold what was written, for it is in the
 * system's hands; after a power cut, in another boot, only those before the last `synced` line are believed.
 */
export interface RangeIndex {
  ranges: ByteRange[];
  /** It was begun in another boot: it must be begun anew before lines are appended. */
  isOfAnotherBoot: boolean;
}

const head = (boot: string, sizeBytes: number) => `sluice-ranges 1 ${boot} ${sizeBytes}`;
const syncedLine = "synced";

/** What a new index holds. */
export function newIndex(boot: string, sizeBytes: number, ranges: readonly ByteRange[]): string {
  const lines = [head(boot, sizeBytes), ...ranges.map(lineOf)];
  if (ranges.length > 0) lines.push(syncedLine);
  return `${lines.join("\n")}\n`;
}

/** Undefined where there is none, or one of another file. Lines that are torn count as not there. */
export async function readIndex(
  path: string,
  boot: string,
  sizeBytes: number,
): Promise<RangeIndex | undefined> {
  const text = await readText(path);
  const [first = "", ...lines] = (text ?? "").split("\n").slice(0, -1);
  const [, foundBoot] = /^sluice-ranges 1 (\S+) \d+$/.exec(first) ?? [];
  if (foundBoot === undefined || first !== head(foundBoot, sizeBytes)) return undefined;
  const isOfAnotherBoot = foundBoot !== boot;
  const believed = isOfAnotherBoot ? lines.slice(0, lines.lastIndexOf(syncedLine) + 1) : lines;
  const ranges = believed.map((line) => rangeOf(line, sizeBytes)).filter((range) => range !== undefined);
  return { ranges, isOfAnotherBoot };
}

/** Notes ranges whose bytes were written. An entry that is gone needs no note. */
export async function appendRanges(path: string, ranges: readonly ByteRange[]): Promise<void> {
  // Begins with a line end of its own: a line that was torn must not run into this one.
  await append(path, `\n${ranges.map(lineOf).join("\n")}\n`);
}

/** Notes that all noted so far has reached the disk. */
export async function appendSynced(path: string): Promise<void> {
  await append(path, `\n${syncedLine}\n`);
}

async function append(path: string, text: string): Promise<void> {
  try {
    // Not made anew where it is gone: lines without their head would say nothing.
    await appendFile(path, text, { flag: constants.O_WRONLY | constants.O_APPEND });
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
}

function lineOf({ start, end }: ByteRange): string {
  return `${start} ${end} ${checkOf(start, end)}`;
}

function rangeOf(line: string, sizeBytes: number): ByteRange | undefined {
  const match = /^(\d{1,16}) (\d{1,16}) (\d+)$/.exec(line);
  if (!match) return undefined;
  const [start, end] = [Number(match[1]), Number(match[2])];
  const isSound = start < end && end <= sizeBytes && Number(match[3]) === checkOf(start, end);
  return isSound ? { start, end } : undefined;
}

/** Tells a line that was cut short, and run into by another, from one that was written. */
function checkOf(start: number, end: number): number {
  return ((start % 9_973) * 31 + (end % 9_967) * 17) % 9_949;
}
