import { open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** How far a sink has a chain. */
const position = z.object({
  /** File of the last record the sink has, and where the next begins in it. */
  segment: z.string(),
  endByte: z.int(),
  sequence: z.int(),
});

export type Position = z.output<typeof position>;

const start: Position = { segment: "", endByte: 0, sequence: 0 };

/** The kept position; the chain's start where none is. A damaged one is the start too: sinks take no record twice. */
export async function readPosition(folder: string, sink: string): Promise<Position> {
  const text = await readFile(positionPath(folder, sink), "utf8").catch(() => "");
  try {
    return position.parse(JSON.parse(text));
  } catch {
    return start;
  }
}

/** Replaces the position, so that a crash leaves the old one or the new one. */
export async function keepPosition(folder: string, sink: string, kept: Position): Promise<void> {
  const path = positionPath(folder, sink);
  const draft = `${path}.${process.pid}.draft`;
  const handle = await open(draft, "w", 0o600);
  try {
    await handle.writeFile(JSON.stringify(kept));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
}

/** The last record of the chain in `folder` that any sink has. */
export async function furthestRelayed(folder: string): Promise<number> {
  const sinks = (await readdir(folder)).flatMap((name) => /^relay-(.+)\.json$/.exec(name)?.[1] ?? []);
  const positions = await Promise.all(sinks.map((sink) => readPosition(folder, sink)));
  return Math.max(0, ...positions.map(({ sequence }) => sequence));
}

function positionPath(folder: string, sink: string): string {
  return join(folder, `relay-${sink}.json`);
}
