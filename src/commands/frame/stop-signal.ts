import process from "node:process";
import type { ExitCode } from "./command.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The wish that the process ends. */
export interface StopSignal {
  /** Aborted when the user or the system asks this process to stop, or nobody reads its output any more. */
  signal: AbortSignal;
  /** Resolves at that moment. */
  asked: Promise<void>;
}

/**
 * Runs work that Ctrl-C, SIGTERM and a reader of standard output who leaves stop in good order: each becomes an
 * abort. A second one ends the process at
 * once, as people expect who repeat it. Work that fails because it was aborted ends with 130, as shells have it.
 */
export async function stoppable(work: (stop: StopSignal) => Promise<ExitCode>): Promise<ExitCode> {
  const controller = new AbortController();
  let resolveAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    resolveAsked = resolve;
  });
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  const onReaderGone = () => controller.abort();
  for (const name of signals) process.on(name, onSignal);
  process.stdout.once("error", onReaderGone);
  controller.signal.addEventListener("abort", () => resolveAsked(), { once: true });
  try {
    return await work({ signal: controller.signal, asked });
  } catch (thrown) {
    if (!controller.signal.aborted) throw thrown;
    return 130;
  } finally {
    for (const name of signals) process.off(name, onSignal);
    process.stdout.off("error", onReaderGone);
  }
}
