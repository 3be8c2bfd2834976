import type { Observer } from "../core/steps.ts";
import { runWatched } from "../core/watched-work.ts";

/** Tells each observer. The first is told first, whatever the others do; one that fails around a call costs the others nothing. */
export function observeAll(observers: readonly Observer[]): Observer {
  return {
    around(call, work) {
      const wrap = (inner: typeof work, observer: Observer) => () => runWatched(observer, call, inner);
      return observers.reduceRight(wrap, work)();
    },
    finished(...told) {
      for (const observer of observers) observer.finished(...told);
    },
    unknownTool(...told) {
      for (const observer of observers) observer.unknownTool?.(...told);
    },
    refused(request) {
      for (const observer of observers) observer.refused?.(request);
    },
    stepFailed(fault) {
      for (const observer of observers) observer.stepFailed(fault);
    },
  };
}
