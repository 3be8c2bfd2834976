import { defineCommand } from "./frame/command.ts";
import { openDeps } from "./frame/open.ts";
import { afterListMs, serveOverStdio } from "./frame/serve-stdio.ts";
import { stoppable } from "./frame/stop-signal.ts";

/** `sluice stdio`: MCP over stdin and stdout, for clients that spawn their servers. */
export const stdio = defineCommand({
  name: "stdio",
  positionals: "",
  summary: "Serves MCP over stdin and stdout, for clients that spawn it",
  options: {},
  examples: [
    ["sluice stdio --lake.localRoots ~/data", "Serve one local folder"],
    ["sluice connect claude-code --write", "Let a client spawn it"],
  ],
  async run(_given, context) {
    return stoppable(async (stop) =>
      serveOverStdio(
        await openDeps(context, {
          demo: false,
          prewarmAfterMs: afterListMs,
          audit: { isServer: true },
        }),
        context.terminal,
        stop,
      ),
    );
  },
});
