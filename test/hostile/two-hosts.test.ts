import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { testCalls } from "../harness/calls.ts";

test.each(["/mcp", "/health"])("two Host headers are a bad request at %s", async (path) => {
  const calls = testCalls();
  const front = createMcpFront({ calls, serverInfo: { name: "sluice-test", version: "0.0.0" } });
  const adapter = createHttpAdapter({ front, calls });
  const { port } = await adapter.listen();
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\n\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
  await adapter.close();
});
