import type { Call, Observer, StepFault } from "./steps.ts";

/** Whoever watches calls must not be able to break one. */
export function unbroken(watch: () => void): void {
  try {
    watch();
  } catch {
    // It was the observer that failed: there is nobody left to tell.
  }
}

export function tellStepFault(observer: Pick<Observer, "stepFailed">, fault: StepFault): void {
  unbroken(() => observer.stepFailed(fault));
}

/**
 * Runs the work once within what the observer puts around it, or without where that fails. Answers and throws as the work
 * does, whatever the observer makes of it.
 */
export async function runWatched<T>(
  { around }: Pick<Observer, "around">,
  call: Call,
  work: () => Promise<T>,
): Promise<T> {
  let running: Promise<T> | undefined;
  const once = () => {
    running ??= work();
    return running;
  };
  try {
    await around?.(call, once);
  } catch {
    // As above. What the work itself throws is thrown below.
  }
  return once();
}
