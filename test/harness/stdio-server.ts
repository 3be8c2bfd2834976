// A server of the test tools on stdin and stdout, for tests that spawn one.
import { serveStdio } from "../../src/adapters/stdio.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { testCalls } from "./calls.ts";

const front = createMcpFront({
  calls: testCalls(),
  serverInfo: { name: "sluice-test", version: "0.0.0" },
  taskTimes: { afterMs: 30, timeoutMs: 60_000, keepMs: 60_000 },
});
const adapter = serveStdio({ front });
const stop = () => void adapter.close();
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
await adapter.closed;
await adapter.close();
