import type { Server } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";

/** How often, at most, connections are looked at. */
const everyMs = 2_000;

/**
 * Closes connections on which something waits to be read, none of which has been taken for `timeoutMs`, and up to four
 * seconds more. Node has no time limit for this: an answer nobody reads would keep its memory, and a stream its call.
 * What is written in one piece, as a whole answer is, counts as taken when all of it is.
 */
export function closeUnread(server: Server, timeoutMs: number): void {
  const seen = new Map<Socket, { takenBytes: number; sinceMs: number } | undefined>();
  server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
    seen.set(socket, undefined);
    socket.once("close", () => seen.delete(socket));
  });
  const look = () => {
    const nowMs = performance.now();
    for (const [socket, before] of seen) {
      const takenBytes = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0) seen.set(socket, undefined);
      else if (before?.takenBytes !== takenBytes) seen.set(socket, { takenBytes, sinceMs: nowMs });
      else if (nowMs - before.sinceMs >= timeoutMs) socket.destroy();
    }
  };
  server.once("listening", () => {
    const timer = setInterval(look, Math.min(everyMs, timeoutMs)).unref();
    server.once("close", () => clearInterval(timer));
  });
}
