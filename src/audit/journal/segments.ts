import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** One file of a chain. */
export interface Segment {
  path: string;
  name: string;
  /** Number of its first record. */
  firstSequence: number;
}

const segmentName = /^(\d{16})\.ndjson$/;

export function segmentPath(folder: string, firstSequence: number): string {
  return join(folder, `${String(firstSequence).padStart(16, "0")}.ndjson`);
}

/** The files of a chain, from its oldest record on. None where the folder is gone. */
export async function listSegments(folder: string): Promise<Segment[]> {
  return (await namesIn(folder))
    .flatMap((name) => {
      const [, first] = segmentName.exec(name) ?? [];
      return first === undefined ? [] : [{ name, path: join(folder, name), firstSequence: Number(first) }];
    })
    .sort((a, b) => a.firstSequence - b.firstSequence);
}

/** A chain's folder is named by when it was begun and at random. */
const chainName = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;

export function isChainName(name: string): boolean {
  return chainName.test(name);
}

/** A name for a new chain. `nowMs` is milliseconds since the epoch; `id` holds eight or more hex digits. */
export function newChainName(nowMs: number, id: string): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  return `${stamp}-${id
    .replace(/[^0-9a-f]/g, "")
    .slice(0, 8)
    .padEnd(8, "0")}`;
}

/** The chains in a journal's folder, the oldest first. */
export async function listChains(dir: string): Promise<string[]> {
  return (await namesIn(dir)).filter(isChainName).sort();
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return [];
    throw thrown;
  });
}
