/** What decides which session makes room for another. */
export interface SessionUse {
  usedAtMs: number;
  /** Whether anything came after `initialize`. */
  wasUsed: boolean;
}

/**
 * Which of an owner's sessions goes for a new one. `initialize` costs a caller nothing, so those who only ever sent that
 * come first, and nobody at work is put out: undefined where all were used within `keepMs`. Given in order of use.
 */
export function leavingSession<T extends SessionUse>(
  sessions: readonly T[],
  { nowMs, keepMs }: { nowMs: number; keepMs: number },
): T | undefined {
  const [longestIdle] = sessions;
  const unused = sessions.find(({ wasUsed }) => !wasUsed);
  const isIdle = longestIdle && nowMs - longestIdle.usedAtMs > keepMs;
  return unused ?? (isIdle ? longestIdle : undefined);
}
