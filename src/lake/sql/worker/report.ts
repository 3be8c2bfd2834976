import type { Progress } from "../../../core/tool.ts";

/** Tells the server how far a call is. */
export interface Report {
  progress(update: Progress): void;
}

/** A report that passes on at most one update per `everyMs`. */
export function throttled(send: (update: Progress) => void, everyMs: number, now: () => number): Report {
  let lastMs = now();
  return {
    progress(update) {
      if (now() - lastMs < everyMs) return;
      lastMs = now();
      send(update);
    },
  };
}
