import type { Progress } from "../../core/tool.ts";
import type { LakeScope } from "../scope.ts";

/** Passes updates on, at most ten times a second and at the end. */
export function inIntervals(tell: (update: Progress) => void): (update: Progress) => void {
  let toldMs = 0;
  return (update) => {
    const now = performance.now();
    if (now - toldMs < 100 && update.done !== update.total) return;
    toldMs = now;
    tell(update);
  };
}

/** Counts bytes from where `first` is, and tells the scope. */
export function createProgress(scope: Pick<LakeScope, "progress">, first: Progress): (count: number) => void {
  const tell = inIntervals((update) => scope.progress(update));
  let done = first.done;
  return (count) => {
    done += count;
    tell({ ...first, done });
  };
}
