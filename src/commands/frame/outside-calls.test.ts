import { expect, test } from "vitest";
import { testCalls } from "../../../test/harness/calls.ts";
import { postMcp } from "../../../test/harness/rpc.ts";
import { createHttpAdapter } from "../../adapters/http/adapter.ts";
import { createMcpFront } from "../../mcp/front.ts";
import { createLog } from "../../telemetry/log.ts";
import { tellOutsideCalls } from "./outside-calls.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };

function served() {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ level: "info", write: (line) => lines.push(JSON.parse(line)) });
  const calls = { ...testCalls(), newId: () => "id-new" };
  const front = createMcpFront({
    calls,
    serverInfo: { name: "sluice-test", version: "0" },
    authenticate: async () => {
      throw new Error("The key of the issuer is unreadable.");
    },
  });
  return { lines, adapter: createHttpAdapter({ front, calls, ...tellOutsideCalls({ log, calls }) }) };
}

test("a fault outside any call is logged with the caller's trace, or an id of its own", async () => {
  const { adapter, lines } = served();
  const { url } = await adapter.listen();
  for (const headers of [{ traceparent }, {}]) {
    expect((await postMcp(adapter, list, headers)).status).toBe(500);
    const sent = { method: "POST", headers, body: JSON.stringify(list) };
    expect((await fetch(`${url}/mcp`, sent)).status).toBe(500);
  }
  expect(lines.map(({ event, correlationId }) => `${event} ${correlationId}`)).toEqual([
    `http fault ${traceId}`,
    `http fault ${traceId}`,
    "http fault id-new",
    "http fault id-new",
  ]);
  await adapter.close();
});

test("a request that comes as the server stops is logged with the caller's trace, or an id of its own", async () => {
  const { adapter, lines } = served();
  await adapter.close();
  for (const headers of [{ traceparent }, {}])
    expect((await postMcp(adapter, list, headers)).status).toBe(503);
  const line = { event: "request refused", outcome: "unavailable", path: "/mcp" };
  expect(lines).toMatchObject([
    { ...line, correlationId: traceId },
    { ...line, correlationId: "id-new" },
  ]);
});
