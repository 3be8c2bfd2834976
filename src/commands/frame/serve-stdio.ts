import { ConfigError } from "../../config/config-error.ts";
import type { Settings } from "../../config/schema.ts";
import { warnOfAuditGaps } from "./audit-warnings.ts";
import type { ExitCode } from "./command.ts";
import { openFront } from "./front.ts";
import type { Opened } from "./open.ts";
import type { StopSignal } from "./stop-signal.ts";
import type { Terminal } from "./terminal.ts";
import { logUncaught } from "./uncaught.ts";

/** Standard output is the protocol's. Throws `ConfigError`. */
function refuseStdoutSink({ audit }: Settings): void {
  if (!audit.sinks.includes("stdout")) return;
  throw new ConfigError([
    "audit.sinks: stdout cannot be used over stdio, where standard output is the protocol's. Leave it out: the journal has every record",
  ]);
}

/** A client that spawns Sluice first lists its tools: workers that start at that moment would only slow it down. */
export const afterListMs = 1000;

/** Serves over stdin and stdout until the client leaves or the process is told to stop. */
export async function serveOverStdio(
  { deps, close }: Opened,
  terminal: Terminal,
  stop: StopSignal,
): Promise<ExitCode> {
  try {
    refuseStdoutSink(deps.settings);
    logUncaught(deps.log);
    warnOfAuditGaps(deps);
    const [front, { serveStdio }] = await Promise.all([openFront(deps), import("../../adapters/stdio.ts")]);
    const { log, calls } = deps;
    const onError = (error: Error) => log.warn("stdio fault", { error, correlationId: calls.newId() });
    const adapter = serveStdio({ front, onError });
    if (terminal.inIsTty) {
      terminal.err(
        "Sluice speaks MCP on stdin and stdout: a client is meant to spawn it. Stop it with Ctrl-C.",
      );
    }
    await Promise.race([adapter.closed, stop.asked]);
    await adapter.close();
  } finally {
    await close();
  }
  return 0;
}
