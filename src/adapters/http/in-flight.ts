/** Counts what is being answered, so that stopping can wait for it. */
export interface InFlight {
  readonly count: number;
  /** Counts `work` until it settles. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is left or `timeoutMs` have passed; says which. */
  settled(timeoutMs: number): Promise<boolean>;
}

/** Starts with nothing under way. */
export function createInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  return {
    get count() {
      return running.size;
    },
    async track(work) {
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
      }
    },
    async settled(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(false), timeoutMs);
      });
      const done = (async () => {
        while (running.size > 0) await Promise.allSettled(running);
        return true;
      })();
      return Promise.race([done, late]).finally(() => clearTimeout(timer));
    },
  };
}
