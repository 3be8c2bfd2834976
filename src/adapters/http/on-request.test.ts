import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createInFlight } from "./in-flight.ts";
import { createOnRequest } from "./on-request.ts";

const opened: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of opened.splice(0)) server.close().closeAllConnections();
});

/** More than systems keep for a client that does not read. */
const answer = Buffer.alloc(64 * 1024 ** 2, "x");

async function serve(answerTimeoutMs: number) {
  const inFlight = createInFlight();
  const others = (_: unknown, outgoing: ServerResponse) => outgoing.end(answer);
  const server = createServer(createOnRequest({ mcp: others, others, inFlight, answerTimeoutMs }));
  opened.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1").pause();
  socket.on("error", () => {});
  socket.write("POST /summarize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  await expect.poll(() => inFlight.count).toBe(1);
  return { inFlight, socket };
}

test("an answer that is not read is given up with its connection after its time", async () => {
  const { inFlight, socket } = await serve(300);
  const startedMs = performance.now();
  await expect.poll(() => inFlight.count).toBe(0);
  expect(performance.now() - startedMs).toBeGreaterThan(250);
  let readBytes = 0;
  socket.on("data", ({ length }) => {
    readBytes += length;
  });
  await once(socket.resume(), "close");
  expect(readBytes).toBeLessThan(answer.length);
});

test("an answer that is read late, within its time, is whole", async () => {
  const { inFlight, socket } = await serve(20_000);
  await sleep(500);
  let readBytes = 0;
  socket.on("data", ({ length }) => {
    readBytes += length;
  });
  socket.resume();
  await expect.poll(() => inFlight.count).toBe(0);
  await expect.poll(() => readBytes).toBeGreaterThan(answer.length);
});
