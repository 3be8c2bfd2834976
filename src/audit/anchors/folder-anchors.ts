import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { jsonIn } from "../../core/json-in.ts";
import { openAppendFile } from "../journal/append-file.ts";
import { canonicalJson } from "../record/canonical-json.ts";
import type { Anchor, AnchorStore, ChainAnchors } from "./anchors.ts";

const anchorLine = z.object({ chain: z.string(), sequence: z.int(), hash: z.string(), time: z.string() });

const suffix = ".anchors.ndjson";

/** Keeps the anchors of each chain as the lines of one file in a folder. */
export function createFolderAnchors(folder: string): AnchorStore {
  return {
    place: folder,
    everyRecords: 1_000,
    everyMs: 10_000,
    write: (anchor) => writeAnchor(folder, anchor),
    async read() {
      const found = new Map<string, ChainAnchors>();
      for (const name of (await readdir(folder)).filter((one) => one.endsWith(suffix)).sort()) {
        const place = join(folder, name);
        const chain = name.slice(0, -suffix.length);
        found.set(chain, { place, ...parseAnchors(await readFile(place, "utf8"), chain) });
      }
      return found;
    },
  };
}

async function writeAnchor(folder: string, { chain, sequence, hash, time }: Anchor): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${chain}${suffix}`);
  // A line that a crash cut off must not take this one with it.
  const before = await readFile(path, "utf8").catch(() => "");
  const start = before === "" || before.endsWith("\n") ? "" : "\n";
  const file = await openAppendFile(path);
  try {
    await file.append(Buffer.from(`${start}${canonicalJson({ chain, sequence, hash, time })}\n`));
  } finally {
    await file.close();
  }
}

function parseAnchors(text: string, chain: string): Omit<ChainAnchors, "place"> {
  const lines = text.split("\n");
  // Behind the last line break there is nothing, or what a crash left.
  lines.pop();
  const anchors: Anchor[] = [];
  const bad: string[] = [];
  for (const [index, line] of lines.entries()) {
    const parsed = anchorLine.safeParse(jsonIn(line));
    if (parsed.success && parsed.data.chain === chain) anchors.push(parsed.data);
    else bad.push(`line ${index + 1}`);
  }
  return { anchors, bad };
}
