import type { Demo } from "../demo/start-demo.ts";
import { clientSnippets } from "./connect/snippets.ts";
import { defineCommand } from "./frame/command.ts";
import { openDeps } from "./frame/open.ts";
import { serveOverHttp } from "./frame/serve-http.ts";
import { afterListMs, serveOverStdio } from "./frame/serve-stdio.ts";
import { stoppable } from "./frame/stop-signal.ts";
import { UsageError } from "./frame/usage-error.ts";

/** `sluice demo`: the whole product on a sample lake, with no AWS account, credentials or network. */
export const demo = defineCommand({
  name: "demo",
  positionals: "",
  summary: "Serves a sample lake: needs no AWS account, credentials or network",
  options: {
    stdio: { type: "boolean", describe: "Serve over stdin and stdout, for clients that spawn it" },
    port: { type: "string", requiresArg: true, describe: "Port to listen on (setting http.port)" },
    json: { type: "boolean", describe: "Print where it listens, and the data, as JSON" },
  },
  examples: [
    ["sluice demo", "Serve the sample lake on http://127.0.0.1:8080/mcp"],
    ["sluice demo --port 0", "Take a free port"],
    ["sluice demo --stdio", "For clients that spawn it"],
    ["sluice demo --writes confirm", "Let queries be exported, each once it was confirmed"],
  ],
  async run({ stdio, port, json }, context) {
    const { terminal } = context;
    if (stdio && port !== undefined) throw new UsageError("--stdio listens on no port: leave --port out.");
    const flags = port === undefined ? [] : [`--http.port=${port}`];
    return stoppable(async (stop) => {
      const opened = await openDeps(context, {
        demo: true,
        flags,
        prewarmAfterMs: stdio ? afterListMs : 0,
        signal: stop.signal,
        metrics: !stdio,
        audit: { isServer: true, ...(stdio ? {} : { out: terminal.out }) },
      });
      if (stdio) return serveOverStdio(opened, terminal, stop);
      return serveOverHttp(opened, stop, (url) =>
        terminal.out(json ? JSON.stringify(facts(url, opened.demo)) : welcome(url, opened.demo)),
      );
    });
  },
});

function facts(url: string, lake: Demo | undefined) {
  const { s3Endpoint, region, buckets, localRoots } = lake ?? {};
  return { url: `${url}/mcp`, s3Endpoint, region, buckets, localRoots };
}

function welcome(url: string, lake: Demo | undefined): string {
  const places = [
    ...(lake?.buckets ?? []).map((bucket) => `s3://${bucket}/`),
    ...(lake?.localRoots ?? []).map((root) => root.path),
  ];
  return [
    `Sluice serves the sample lake on ${url}/mcp`,
    "",
    "Data:",
    ...places.map((place) => `  ${place}`),
    `  (S3 endpoint ${lake?.s3Endpoint}, any credentials)`,
    "",
    "Ask it from another terminal:",
    `  npx sluice call lake_query '{"sql":"SELECT status, count(*) AS n FROM '\\''s3://demo-lake/orders/'\\'' GROUP BY 1 ORDER BY 2 DESC"}' --url ${url}/mcp`,
    "",
    "Connect a client:",
    ...clientSnippets(`${url}/mcp`).map((line) => `  ${line}`),
    "",
    "Stop it with Ctrl-C.",
  ].join("\n");
}
