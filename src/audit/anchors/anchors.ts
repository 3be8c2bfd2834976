import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** A chain's head at one moment, kept where the journal's keeper cannot change it. */
const anchor = z.object({
  chain: z.string(),
  sequence: z.int(),
  hash: z.string(),
  /** UTC, ISO 8601. */
  time: z.string(),
});

export type Anchor = z.output<typeof anchor>;

/** What was anchored of one chain, in the order it was written. */
export interface ChainAnchors {
  path: string;
  anchors: Anchor[];
  /** Lines that are no anchors. The last one may be of a crash. */
  badLines: number[];
}

const suffix = ".anchors.ndjson";

export function anchorPath(folder: string, chain: string): string {
  return join(folder, `${chain}${suffix}`);
}

/** Everything anchored in a folder, by chain. Throws what the file system says, also where there is no folder. */
export async function readAnchors(folder: string): Promise<Map<string, ChainAnchors>> {
  const found = new Map<string, ChainAnchors>();
  for (const name of (await readdir(folder)).filter((one) => one.endsWith(suffix)).sort()) {
    const path = join(folder, name);
    const chain = name.slice(0, -suffix.length);
    found.set(chain, { path, ...parseAnchors(await readFile(path, "utf8"), chain) });
  }
  return found;
}

function parseAnchors(text: string, chain: string): Omit<ChainAnchors, "path"> {
  const lines = text.split("\n");
  // Behind the last line break there is nothing, or what a crash left.
  lines.pop();
  const anchors: Anchor[] = [];
  const badLines: number[] = [];
  for (const [index, line] of lines.entries()) {
    const parsed = anchor.safeParse(parseJson(line));
    if (parsed.success && parsed.data.chain === chain) anchors.push(parsed.data);
    else badLines.push(index + 1);
  }
  return { anchors, badLines };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
