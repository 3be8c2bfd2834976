import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { createAuthority } from "../../../test/harness/certificates.ts";
import { closeUnread } from "./unread.ts";

const opened: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of opened.splice(0)) server.close().closeAllConnections();
});

/** More than systems keep for a client that does not read. */
const much = Buffer.alloc(64 * 1024 ** 2, "x");
const certified = createAuthority("Tests").issue({ subject: { CN: "localhost" } });

/** A client that has asked, and has read nothing yet. */
async function ask(answer: RequestListener, { timeoutMs, overTls = false }: Given) {
  const server = overTls ? createTlsServer(certified, answer) : createServer(answer);
  closeUnread(server, timeoutMs);
  opened.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const to = { port: (server.address() as AddressInfo).port, host: "127.0.0.1" };
  const socket = overTls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
  let readBytes = 0;
  socket.on("error", () => {});
  socket.on("data", ({ length }) => {
    readBytes += length;
  });
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [, outgoing] = (await once(server, "request")) as Parameters<RequestListener>;
  return { socket, outgoing, readBytes: () => readBytes };
}

interface Given {
  timeoutMs: number;
  overTls?: boolean;
}

test.each([{ overTls: false }, { overTls: true }])(
  "an answer that nobody reads is given up with its connection after its time (TLS: $overTls)",
  async ({ overTls }) => {
    const startedMs = performance.now();
    const { socket, outgoing, readBytes } = await ask((_, to) => to.end(much), { timeoutMs: 300, overTls });
    await once(outgoing, "close");
    expect(performance.now() - startedMs).toBeGreaterThan(290);
    await new Promise((resolve) => socket.resume().once("close", resolve));
    expect(readBytes()).toBeLessThan(much.length);
  },
);

test("a stream that nobody reads any more is given up before its end", async () => {
  const { socket, outgoing } = await ask((_, to) => to.write("data: first\n\n"), { timeoutMs: 300 });
  await once(socket.resume(), "data");
  socket.pause();
  outgoing.write(much);
  await once(outgoing, "close");
  expect(outgoing.writableEnded).toBe(false);
});

test("a stream on which nothing waits to be read may be silent for longer", async () => {
  const { socket, outgoing, readBytes } = await ask((_, to) => to.write("data: first\n\n"), {
    timeoutMs: 100,
  });
  await once(socket.resume(), "data");
  const readBefore = readBytes();
  await sleep(1_000);
  expect(outgoing.destroyed).toBe(false);
  outgoing.end("data: second\n\n");
  await expect.poll(readBytes).toBeGreaterThan(readBefore);
});

test("an answer that is taken bit by bit, for longer than may be between two, is whole", async () => {
  const pieces = 64;
  const send: RequestListener = async (_, to) => {
    for (let piece = 0; piece < pieces; piece++) {
      if (!to.write(much.subarray(0, much.length / pieces))) await once(to, "drain");
    }
    to.end();
  };
  const { socket, readBytes } = await ask(send, { timeoutMs: 2_000 });
  const startedMs = performance.now();
  socket.on("data", () => {
    socket.pause();
    setTimeout(() => socket.resume(), 4);
  });
  socket.resume();
  await expect.poll(readBytes).toBeGreaterThan(much.length);
  expect(performance.now() - startedMs).toBeGreaterThan(2_500);
});

test("an answer that is read late, within its time, is whole", async () => {
  const { socket, readBytes } = await ask((_, to) => to.end(much), { timeoutMs: 20_000 });
  await sleep(500);
  socket.resume();
  await expect.poll(readBytes).toBeGreaterThan(much.length);
});
