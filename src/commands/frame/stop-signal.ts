import process from "node:process";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface StopSignal {
  /** Aborted when the user or the system asks this process to stop. */
  signal: AbortSignal;
  /** Resolves at that moment. */
  asked: Promise<void>;
  /** Gives the signals back to Node. */
  dispose(): void;
}

/** Turns Ctrl-C and SIGTERM into an abort. A second one ends the process at once, as people expect who repeat it. */
export function listenForStop(): StopSignal {
  const controller = new AbortController();
  let resolveAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    resolveAsked = resolve;
  });
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    resolveAsked();
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    asked,
    dispose: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
