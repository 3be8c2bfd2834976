import { pause } from "../pause.ts";

/** Nothing wakes a relay for records of other processes. */
const lookEveryMs = 15_000;
/** Records are gathered for so long before they are sent: fewer statements and requests cost both sides much less. */
const gatherMs = 500;
const firstBackoffMs = 100;
const maxBackoffMs = 5_000;

/** When a relay looks again: soon where there is more, at once where somebody waits, later where its sink is down. */
export function createPace(stopping: AbortSignal, random: () => number) {
  let [waking, hurrying] = [new AbortController(), new AbortController()];
  /** Who waits for a look that began after they asked. */
  let waiting: (() => void)[] = [];
  return {
    wake: () => waking.abort(),
    /** Resolves at the end of a look that begins after this. */
    hurry(): Promise<void> {
      const looked = new Promise<void>((resolve) => waiting.push(resolve));
      waking.abort();
      hurrying.abort();
      return looked;
    },
    /** A look begins, which what is told from now on is no part of. To be called when it has ended. */
    begin(): () => void {
      const asked = waiting;
      [waiting, waking, hurrying] = [[], new AbortController(), new AbortController()];
      return () => {
        for (const tell of asked) tell();
      };
    },
    async restAfterAll(): Promise<void> {
      await pause(lookEveryMs, AbortSignal.any([stopping, waking.signal]));
      await pause(gatherMs, AbortSignal.any([stopping, hurrying.signal]));
    },
    /** While the sink is down more records are no reason to try sooner. */
    async restAfterFailure(failures: number): Promise<void> {
      await pause(random() * Math.min(maxBackoffMs, firstBackoffMs * 2 ** failures), stopping);
    },
  };
}
