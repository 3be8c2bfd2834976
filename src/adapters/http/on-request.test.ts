import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { startLoadProcess } from "../../../test/harness/load-process.ts";
import { createInFlight } from "./in-flight.ts";
import { createOnRequest } from "./on-request.ts";
import { createTurns } from "./turns.ts";

const opened: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of opened.splice(0)) server.close().closeAllConnections();
});

async function serve(mcp: RequestListener) {
  const inFlight = createInFlight();
  const turns = createTurns({ perTurn: 4, maxWaitingEach: 128 });
  const others: RequestListener = (_, outgoing) => outgoing.end("{}");
  const server = createServer(createOnRequest({ mcp, others, turns, inFlight, onTurnedAway: () => {} }));
  server.on("connection", turns.cameIn);
  opened.push(server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }));
  await once(server, "listening");
  return { inFlight, port: (server.address() as AddressInfo).port };
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

const callOf = (name: string) => `POST /mcp?${name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`;

function keepBusy(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

/** As a call does that takes its time to begin. */
const busily: RequestListener = (_, outgoing) => {
  keepBusy(3);
  outgoing.end("{}");
};

test("a health check by a new connection behind hundreds of others is answered before most of their calls", async () => {
  const { port } = await serve(busily);
  const load = startLoadProcess();
  await load.burst(port, [{ path: "/health" }]);
  const calls = Array.from({ length: 500 }, () => ({ path: "/mcp", method: "POST" }));
  const answered = load.burst(port, [...calls, { path: "/health" }]);
  await sleep(20);
  // Until all have knocked and asked: the system keeps them in this order.
  keepBusy(1_500);
  const answers = await answered;
  await load.stop();
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(501);
  expect(answers.findIndex(({ path }) => path === "/health")).toBeLessThan(100);
});

test("whoever sends many requests without waiting for answers holds up nobody else for long", async () => {
  const begun: string[] = [];
  const { port } = await serve((incoming, outgoing) => {
    begun.push(incoming.url ?? "");
    busily(incoming, outgoing);
  });
  const [many, single] = [await client(port), await client(port)];
  many.write(callOf("many").repeat(120));
  single.write(callOf("single"));
  await once(single, "data");
  expect(begun.indexOf("/mcp?single")).toBeLessThan(20);
  await expect.poll(() => begun.length).toBe(121);
});

test("a client with more requests waiting than is allowed is cut off, and none of them is begun", async () => {
  let begun = 0;
  const { port, inFlight } = await serve(() => {
    begun++;
  });
  const socket = await client(port);
  socket.write(callOf("many").repeat(5_000));
  await new Promise((resolve) => socket.resume().once("close", resolve));
  await sleep(100);
  // What began came before the first had to wait.
  expect(begun).toBeLessThanOrEqual(8);
  expect(inFlight.count).toBe(0);
});

test("when a connection closes, none of the calls it asked for is waited for, and each is told", async () => {
  let [begun, told] = [0, 0];
  const { port, inFlight } = await serve((_, outgoing) => {
    begun++;
    outgoing.once("close", () => told++);
  });
  const socket = await client(port);
  socket.write(callOf("many").repeat(20));
  await expect.poll(() => begun).toBe(20);
  expect(inFlight.count).toBe(20);
  socket.destroy();
  await expect.poll(() => told).toBe(20);
  await expect.poll(() => inFlight.count).toBe(0);
});
