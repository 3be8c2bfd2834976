/**
 * Asks `ask` once for all who want its answer at the same time or within `keptMs` of it: whoever may ask without saying who
 * they are must not have each request passed on. What it throws is told to those who wait, and not kept.
 */
export function sharedAnswer<T>(
  ask: () => Promise<T>,
  keptMs: number,
  nowMs: () => number = () => performance.now(),
): () => Promise<T> {
  let latest: Promise<T> | undefined;
  let endsMs = Number.POSITIVE_INFINITY;
  const forget = () => {
    latest = undefined;
  };
  return () => {
    if (latest && nowMs() < endsMs) return latest;
    endsMs = Number.POSITIVE_INFINITY;
    const asked = ask();
    latest = asked;
    asked.then(() => {
      endsMs = nowMs() + keptMs;
    }, forget);
    return asked;
  };
}
