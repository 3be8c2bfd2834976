import { connect, type Socket } from "node:net";

/** How a client is slow. */
export type Slowness = "headers" | "body" | "reader";

export interface SlowClients {
  port: number;
  /** How many of each. */
  clients: Record<Slowness, number>;
  /** A whole HTTP request, which readers send this many times without reading what comes. */
  request: string;
  repeat: number;
  /** Between the bytes of headers and bodies. */
  everyMs: number;
  /** When the ones that are still connected leave. */
  giveUpMs: number;
}

/** What became of a slow client. */
export interface SlowClient {
  slowness: Slowness;
  /** By the server. */
  isCutOff: boolean;
  connectedMs: number;
  /** Of the answer; none where the connection just broke, or nothing is read. */
  status?: string | undefined;
}

/** Resolves when all were cut off or have left. */
export async function slowClients(asked: SlowClients): Promise<{ clients: SlowClient[] }> {
  const all = Object.entries(asked.clients) as [Slowness, number][];
  const running = all.flatMap(([slowness, count]) =>
    Array.from({ length: count }, () => slowClient(slowness, asked)),
  );
  return { clients: await Promise.all(running) };
}

function slowClient(slowness: Slowness, asked: SlowClients): Promise<SlowClient> {
  const socket = connect(asked.port, "127.0.0.1");
  const startedMs = performance.now();
  let isCutOff = true;
  let answer = "";
  socket.on("error", () => {});
  if (slowness !== "reader") {
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
    });
  }
  const stop = trickle(socket, slowness, asked);
  const leaving = setTimeout(() => {
    isCutOff = false;
    socket.destroy();
  }, asked.giveUpMs);
  return new Promise((resolve) => {
    socket.once("close", () => {
      clearTimeout(leaving);
      stop();
      const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
      resolve({ slowness, isCutOff, connectedMs: performance.now() - startedMs, status });
    });
  });
}

/** Sends what a client of that kind sends; a byte at a time, but for those slow to read. */
function trickle(socket: Socket, slowness: Slowness, { request, repeat, everyMs }: SlowClients): () => void {
  if (slowness === "reader") {
    socket.pause();
    socket.write(request.repeat(repeat));
    // Notices by writing what it cannot by reading: that the other side is gone.
    const probing = setInterval(() => socket.write(request), 1_000);
    return () => clearInterval(probing);
  }
  const at = request.indexOf("\r\n\r\n") + (slowness === "body" ? 5 : 0);
  let next = slowness === "body" ? at : 20;
  socket.write(request.slice(0, next));
  const sending = setInterval(() => {
    // The last byte never comes.
    if (next < request.length - 1 && (slowness === "body" || next < at)) socket.write(request[next++] ?? "");
  }, everyMs);
  return () => clearInterval(sending);
}
