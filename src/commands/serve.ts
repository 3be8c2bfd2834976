import { defineCommand } from "./frame/command.ts";
import { openDeps } from "./frame/open.ts";
import { serveHttp } from "./frame/serve-http.ts";
import { listenForStop } from "./frame/stop-signal.ts";

/** `sluice serve`: MCP over HTTP until it is told to stop. */
export const serve = defineCommand({
  name: "serve",
  positionals: "",
  summary: "Serves MCP over HTTP",
  options: {
    port: { type: "string", requiresArg: true, describe: "Port to listen on (setting http.port)" },
  },
  examples: [
    ["sluice serve --lake.buckets my-bucket", "Serve one bucket on http://127.0.0.1:8080/mcp"],
    ["sluice serve --port 9000 --config prod.yaml", "Another port, settings from a file"],
  ],
  async run({ port }, context) {
    const stop = listenForStop();
    const flags = port === undefined ? [] : [`--http.port=${port}`];
    const opened = await openDeps(context, { demo: false, flags });
    try {
      const adapter = await serveHttp(opened.deps);
      context.terminal.err(`Sluice serves MCP on ${adapter.url}/mcp. Stop it with Ctrl-C.`);
      await stop.asked;
      await adapter.close();
    } finally {
      await opened.close();
    }
    return 0;
  },
});
