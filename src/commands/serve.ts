import { warnOfAuditGaps } from "./frame/audit-warnings.ts";
import { defineCommand } from "./frame/command.ts";
import { openDeps } from "./frame/open.ts";
import { serveOverHttp } from "./frame/serve-http.ts";
import { stoppable } from "./frame/stop-signal.ts";

/** `sluice serve`: MCP over HTTP until it is told to stop. */
export const serve = defineCommand({
  name: "serve",
  positionals: "",
  summary: "Serves MCP over HTTP",
  options: {
    port: { type: "string", requiresArg: true, describe: "Port to listen on (setting http.port)" },
    json: { type: "boolean", describe: "Print where it listens as JSON" },
  },
  examples: [
    ["sluice serve --lake.buckets my-bucket", "Serve one bucket on http://127.0.0.1:8080/mcp"],
    [
      "sluice serve --http.host 0.0.0.0 --auth.modes api_key --config keys.yaml",
      "For other machines, which must bring a key",
    ],
    ["sluice serve --port 9000 --config prod.yaml", "Another port, settings from a file"],
  ],
  async run({ port, json }, context) {
    const flags = port === undefined ? [] : [`--http.port=${port}`];
    const { terminal } = context;
    return stoppable(async (stop) => {
      const opened = await openDeps(context, {
        demo: false,
        flags,
        prewarmAfterMs: 0,
        metrics: true,
        audit: { isServer: true, out: terminal.out },
      });
      warnOfAuditGaps(opened.deps);
      return serveOverHttp(opened, stop, (url) => {
        if (json) terminal.out(JSON.stringify({ url: `${url}/mcp` }));
        terminal.err(`Sluice serves MCP on ${url}/mcp. Stop it with Ctrl-C.`);
      });
    });
  },
});
