import type { Survey } from "./survey.ts";

/** An entry of the cache folder as this process knows it. */
export interface LedgerEntry {
  sizeBytes: number;
  lastUsedMs: number;
  /** Since when its use need be shown to other processes again. */
  shownMs: number;
  /** The number of the change that made it what it is. */
  change: number;
  /** Of this process. Other processes' are seen on disk, as links. */
  pins: number;
}

/** What fills the cache folder, as far as this process knows. */
export interface Ledger {
  /** Least recently used first. */
  entries: ReadonlyMap<string, LedgerEntry>;
  /** Bytes of this process's files in the making and reservations, by id. 0 where there is none. */
  claimed(id: string): number;
  /** Sets what is claimed; 0 forgets it. */
  claim(id: string, sizeBytes: number): void;
  usedBytes(): number;
  /** Notes an entry as the most recently used. One that is known stays the same object, with its pins. */
  record(key: string, sizeBytes: number, lastUsedMs: number): LedgerEntry;
  remove(key: string): void;
  /** The number of the last change. */
  lastChange(): number;
  /** Takes over what was found on disk, but for entries that changed after the look began, which it may have missed. */
  adopt(found: Survey, beganAfter: number): void;
}

function newEntry(lastUsedMs: number): LedgerEntry {
  return { sizeBytes: 0, lastUsedMs, shownMs: lastUsedMs, change: 0, pins: 0 };
}

/** What was known and what was found of it, least recently used first. */
function joined(
  known: ReadonlyMap<string, LedgerEntry>,
  found: Survey,
  beganAfter: number,
): [string, LedgerEntry][] {
  const newer = [...known].filter(([, { change }]) => change > beganAfter);
  const seen = found.entries.map(({ key, sizeBytes, lastUsedMs }): [string, LedgerEntry] => {
    const entry = known.get(key) ?? newEntry(lastUsedMs);
    if (entry.change > beganAfter) return [key, entry];
    // What this process has used since then it need not have shown yet.
    return [key, Object.assign(entry, { sizeBytes, lastUsedMs: Math.max(lastUsedMs, entry.lastUsedMs) })];
  });
  return [...new Map([...seen, ...newer])].sort(([, a], [, b]) => a.lastUsedMs - b.lastUsedMs);
}

export function createLedger(): Ledger {
  const entries = new Map<string, LedgerEntry>();
  const claims = new Map<string, number>();
  let [claimedBytes, entryBytes] = [0, 0];
  let otherBytes = 0;
  let change = 0;
  const remove = (key: string) => {
    entryBytes -= entries.get(key)?.sizeBytes ?? 0;
    entries.delete(key);
  };
  const put = (key: string, entry: LedgerEntry) => {
    entries.set(key, entry);
    entryBytes += entry.sizeBytes;
    return entry;
  };
  return {
    entries,
    claimed: (id) => claims.get(id) ?? 0,
    claim(id, sizeBytes) {
      claimedBytes += sizeBytes - (claims.get(id) ?? 0);
      if (sizeBytes === 0) claims.delete(id);
      else claims.set(id, sizeBytes);
    },
    usedBytes: () => claimedBytes + entryBytes + otherBytes,
    record(key, sizeBytes, lastUsedMs) {
      const entry = entries.get(key) ?? newEntry(lastUsedMs);
      remove(key);
      return put(key, Object.assign(entry, { sizeBytes, lastUsedMs, change: ++change }));
    },
    remove,
    lastChange: () => change,
    adopt(found, beganAfter) {
      const known = new Map(entries);
      for (const key of known.keys()) remove(key);
      for (const [key, entry] of joined(known, found, beganAfter)) put(key, entry);
      otherBytes = found.otherBytes;
    },
  };
}
