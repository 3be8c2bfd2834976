/**
 * The shortest time on the clock, in milliseconds, of `tries` runs of `work` one after the other. What a machine can
 * do shows in its best run; the others show what else it had to do.
 */
export async function quickestMs(tries: number, work: () => Promise<number>): Promise<number> {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let at = 0; at < tries; at++) bestMs = Math.min(bestMs, await work());
  return bestMs;
}
