import { expect, test } from "vitest";
import { testCalls } from "../../test/harness/calls.ts";
import { modernRequest } from "../../test/harness/rpc.ts";
import { createMcpFront } from "./front.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("a fault outside any call is told with the traceparent of its own request, also of two at once", async () => {
  const faults: unknown[] = [];
  const front = createMcpFront({
    calls: testCalls(),
    extension: {
      attach() {
        throw new Error("The server cannot be built.");
      },
    },
    serverInfo: { name: "sluice-test", version: "0" },
    onError: (error, given) => faults.push([error.message, given]),
  });
  const { body, headers } = modernRequest("tools/list");
  const accept = "application/json, text/event-stream";
  const ask = (more: Record<string, string>) =>
    front.fetch(
      new Request("http://127.0.0.1/mcp", {
        method: "POST",
        headers: { "content-type": "application/json", accept, ...headers, ...more },
        body: JSON.stringify(body),
      }),
    );
  const answers = await Promise.all([ask({ traceparent }), ask({})]);
  expect(answers.map(({ status }) => status)).toEqual([500, 500]);
  expect(faults).toEqual([
    ["The server cannot be built.", traceparent],
    ["The server cannot be built.", undefined],
  ]);
  await front.close();
});
