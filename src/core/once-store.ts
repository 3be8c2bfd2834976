/** Remembers keys, so that something happens once. */
export interface OnceStore {
  /** Keeps the key until `expiresMs` (since the epoch) at least. False where it is kept already. */
  putIfAbsent(key: string, expiresMs: number): Promise<boolean>;
}

/** Keys of this process. */
export function createMemoryOnceStore(now: () => number): OnceStore {
  const kept = new Map<string, number>();
  return {
    async putIfAbsent(key, expiresMs) {
      const nowMs = now();
      for (const [other, untilMs] of kept) if (untilMs <= nowMs) kept.delete(other);
      if (kept.has(key)) return false;
      kept.set(key, expiresMs);
      return true;
    },
  };
}
