import type { Observer } from "../core/steps.ts";

/** Tells each observer. The first is told first, whatever the others do. */
export function observeAll(observers: readonly Observer[]): Observer {
  return {
    finished(...told) {
      for (const observer of observers) observer.finished(...told);
    },
    unknownTool() {
      for (const observer of observers) observer.unknownTool?.();
    },
    stepFailed(fault) {
      for (const observer of observers) observer.stepFailed(fault);
    },
  };
}
