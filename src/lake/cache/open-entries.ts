import { ToolError } from "../../core/errors.ts";
import { orStopped } from "../stores/stopped.ts";
import type { BlockEntry } from "./block-entry.ts";
import type { SparseFile } from "./cache.ts";
import type { CacheCounts } from "./counts.ts";

/** A sparse file whose giving back can be waited for. */
export interface OpenFile extends SparseFile {
  /** As `release`. Settles when its name is gone. */
  close(): Promise<void>;
}

interface Opened {
  entry: Promise<BlockEntry>;
  isOpen: boolean;
  users: number;
  /** Stops the opening: nobody waits for it any more. */
  stop: AbortController;
}

/** Less than what a further request costs. */
const defaultMaxGapBytes = 32 * 1024;

const stopping = new ToolError("unavailable", "The server is stopping.");

/** Opens an entry, until `signal` aborts. `onChanged`: to be called when it must not be given to anyone any more. */
type Open = (onChanged: () => void, signal: AbortSignal) => Promise<BlockEntry>;

/** Entries this process has open, each once, for all who ask. */
export function createOpenEntries(counts: CacheCounts) {
  const opened = new Map<string, Opened>();
  const leaving = new Set<Promise<void>>();
  const forget = (key: string, one: Opened) => {
    if (opened.get(key) === one) opened.delete(key);
  };
  const leave = async (key: string, one: Opened) => {
    if (--one.users > 0) return;
    forget(key, one);
    one.stop.abort(new ToolError("timeout", "Nobody waits for this file any more."));
    const entry = await one.entry.catch(() => undefined);
    await entry?.close();
  };
  const tracked = (done: Promise<void>) => {
    const settled: Promise<void> = done.finally(() => leaving.delete(settled));
    leaving.add(settled);
    return settled;
  };
  const using = async <T>(key: string, one: Opened, work: () => Promise<T>): Promise<T> => {
    one.users++;
    try {
      return await work();
    } finally {
      await tracked(leave(key, one));
    }
  };
  const start = (key: string, open: Open): Opened => {
    const one = begin(open, () => forget(key, one));
    opened.set(key, one);
    return one;
  };
  return {
    /** One who is stopped waits no more. */
    async take(key: string, open: Open, signal: AbortSignal): Promise<OpenFile> {
      const one = opened.get(key) ?? start(key, open);
      const isOpening = !one.isOpen;
      return using(key, one, async () => {
        const entry = await orStopped(one.entry, signal);
        one.users++;
        const use = countUse(counts);
        if (isOpening && entry.isFetched) use.missed();
        return toFile(entry, use, {
          using: (work) => using(key, one, work),
          leave: () => tracked(leave(key, one)),
        });
      });
    },
    /** Stops what is under way, and waits for what was given back. */
    async close(): Promise<void> {
      for (const { stop } of opened.values()) stop.abort(stopping);
      for (const { entry } of opened.values()) {
        (await entry.catch(() => undefined))?.stop(stopping);
      }
      await Promise.all(leaving);
    },
  };
}

function begin(open: Open, onChanged: () => void): Opened {
  const stop = new AbortController();
  const one: Opened = { entry: open(onChanged, stop.signal), isOpen: false, users: 0, stop };
  one.entry.then(
    () => {
      one.isOpen = true;
    },
    () => {},
  );
  return one;
}

/** A use is a miss as soon as something was missing, and a hit where nothing was until its end. */
function countUse(counts: CacheCounts) {
  let isMiss = false;
  return {
    missed() {
      if (!isMiss) counts.objectMisses++;
      isMiss = true;
    },
    ended() {
      if (!isMiss) counts.objectHits++;
    },
  };
}

interface Holding {
  using<T>(work: () => Promise<T>): Promise<T>;
  leave(): Promise<void>;
}

function toFile(entry: BlockEntry, use: ReturnType<typeof countUse>, { using, leave }: Holding): OpenFile {
  let closing: Promise<void> | undefined;
  const close = () => {
    if (closing) return closing;
    use.ended();
    closing = leave();
    return closing;
  };
  const { path, sizeBytes } = entry.pin;
  return {
    path,
    sizeBytes,
    missing: entry.missing,
    ensure: (ranges, scope, { maxGapBytes = defaultMaxGapBytes } = {}) =>
      using(() => entry.ensure(ranges, { maxGapBytes, onMissing: use.missed }, scope)),
    close,
    release: () => void close(),
  };
}
