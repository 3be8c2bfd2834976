import { mkdir, readFile } from "node:fs/promises";
import type { Log } from "../../telemetry/log.ts";
import { openAppendFile } from "../journal/append-file.ts";
import type { Journal, OwnChain } from "../journal/journal.ts";
import { canonicalJson } from "../record/canonical-json.ts";
import { anchorPath } from "./anchors.ts";

/** Writes the head of this process's chain where the journal's keeper cannot change it. */
export interface Anchoring {
  /** Anchors the last record. Call it after the journal was closed. */
  close(): Promise<void>;
}

export interface AnchoringOptions {
  journal: Journal;
  /** Folder of the anchors. */
  folder: string;
  log: Log;
  now(): number;
}

const everyRecords = 1_000;
const everyMs = 10_000;

/** Anchors the head after 1,000 records or 10 seconds, and at the end. Never fails a call: it logs what goes wrong. */
export function createAnchoring({ journal, folder, log, now }: AnchoringOptions): Anchoring {
  let last: OwnChain | undefined;
  let anchored = { chain: "", sequence: 0 };
  let asked = anchored;
  let working: Promise<void> = Promise.resolve();
  let hasFailed = false;

  async function anchor(): Promise<void> {
    if (!last || (last.chain === anchored.chain && last.head.sequence === anchored.sequence)) return;
    const { chain, head } = last;
    try {
      await writeAnchor(folder, { chain, ...head, time: new Date(now()).toISOString() });
      anchored = { chain, sequence: head.sequence };
      if (hasFailed) log.warn("audit anchors can be written again", { folder });
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) log.error("audit anchor cannot be written", { folder, error });
      hasFailed = true;
    }
  }

  const next = () => {
    working = working.then(anchor);
    return working;
  };
  journal.onDurable(() => {
    last = journal.own();
    const isDue = last?.chain !== asked.chain || last.head.sequence - asked.sequence >= everyRecords;
    if (!last || !isDue || hasFailed) return;
    asked = { chain: last.chain, sequence: last.head.sequence };
    void next();
  });
  const timer = setInterval(() => void next(), everyMs);
  timer.unref();
  return {
    close() {
      clearInterval(timer);
      return next();
    },
  };
}

interface AnchorLine {
  chain: string;
  sequence: number;
  hash: string;
  time: string;
}

async function writeAnchor(folder: string, { chain, sequence, hash, time }: AnchorLine): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = anchorPath(folder, chain);
  // A line that a crash cut off must not take this one with it.
  const before = await readFile(path, "utf8").catch(() => "");
  const start = before === "" || before.endsWith("\n") ? "" : "\n";
  const file = await openAppendFile(path);
  try {
    await file.append(Buffer.from(`${start}${canonicalJson({ chain, sequence, hash, time })}\n`));
    await file.sync();
  } finally {
    await file.close();
  }
}
