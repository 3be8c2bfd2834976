import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Tells a response that its connection has closed. Node 20 tells only the first of those that wait for their turn on one
 * connection: whoever answers the others would work on, and wait for them to be sent, for nobody.
 */
export function leavesWithItsConnection(): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const behind = new WeakMap<Socket, Set<ServerResponse>>();

  function startWith(socket: Socket): Set<ServerResponse> {
    const responses = new Set<ServerResponse>();
    behind.set(socket, responses);
    socket.once("close", () => {
      for (const response of responses) {
        if (response.socket) continue;
        response.destroy();
        response.emit("close");
      }
    });
    return responses;
  }

  return ({ socket }, outgoing) => {
    // It is the first, and has its connection.
    if (outgoing.socket) return;
    const responses = behind.get(socket) ?? startWith(socket);
    responses.add(outgoing);
    outgoing.once("close", () => responses.delete(outgoing));
  };
}
