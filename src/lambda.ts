import { openDeps } from "./commands/frame/open.ts";
import { openLambdaHandler } from "./commands/frame/serve-lambda.ts";
import { processTerminal } from "./commands/frame/terminal.ts";
import { countBuffersInHeapLimit, quietAwsSdk } from "./config/platform.ts";

quietAwsSdk();
countBuffersInHeapLimit();
const terminal = processTerminal();
const { surroundings } = terminal;
const { deps } = await openDeps(
  {
    // A function may write in /tmp alone: that is where its caches go unless it is told otherwise.
    terminal: {
      ...terminal,
      surroundings: { ...surroundings, env: { XDG_CACHE_HOME: "/tmp", ...surroundings.env } },
    },
    argv: [],
  },
  { demo: false, prewarmAfterMs: 0, audit: { isServer: true, out: terminal.out } },
);

/** Serves MCP behind API Gateway or a function URL. Settings that are wrong end the function's start. */
export const handler = await openLambdaHandler(deps);
