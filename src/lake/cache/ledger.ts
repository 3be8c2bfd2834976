import type { Survey } from "./survey.ts";

/** An entry of the cache folder as this process knows it. */
export interface LedgerEntry {
  sizeBytes: number;
  lastUsedMs: number;
  /** Since when its use need be shown to other processes again. */
  shownMs: number;
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
  /** Takes over what was found on disk. */
  adopt(found: Survey): void;
}

export function createLedger(): Ledger {
  const entries = new Map<string, LedgerEntry>();
  const claims = new Map<string, number>();
  let [claimedBytes, entryBytes] = [0, 0];
  let otherBytes = 0;
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
      const entry = entries.get(key) ?? { sizeBytes, lastUsedMs, shownMs: lastUsedMs, pins: 0 };
      remove(key);
      return put(key, Object.assign(entry, { sizeBytes, lastUsedMs }));
    },
    remove,
    adopt(found) {
      const known = new Map(entries);
      for (const key of known.keys()) remove(key);
      const adopted = found.entries.map(({ key, sizeBytes, lastUsedMs }) => {
        const entry = known.get(key) ?? { sizeBytes, lastUsedMs, shownMs: lastUsedMs, pins: 0 };
        // What this process has used since then it need not have shown yet.
        const latestMs = Math.max(lastUsedMs, entry.lastUsedMs);
        return { key, entry: Object.assign(entry, { sizeBytes, lastUsedMs: latestMs }) };
      });
      adopted.sort((a, b) => a.entry.lastUsedMs - b.entry.lastUsedMs);
      for (const { key, entry } of adopted) put(key, entry);
      otherBytes = found.otherBytes;
    },
  };
}
