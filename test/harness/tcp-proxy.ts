import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What becomes of bytes on their way: they are passed on, or the connection breaks in their place. */
export type Fate = "pass" | "reset";

export interface TcpProxy {
  port: number;
  stop(): Promise<void>;
}

/** A proxy on loopback in front of a port. Connections are numbered from 1. */
export async function startTcpProxy(
  target: number,
  fateOf: { request(connection: number): Fate; answer(connection: number): Fate },
): Promise<TcpProxy> {
  let connections = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const number = ++connections;
    const upstream = connect(target, "127.0.0.1");
    const end = () => {
      client.resetAndDestroy();
      upstream.destroy();
    };
    const pass = (to: Socket, fate: () => Fate) => (bytes: Buffer) => {
      if (fate() === "pass") to.write(bytes);
      else end();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", end).on("close", () => {
        open.delete(socket);
        end();
      });
    }
    client.on(
      "data",
      pass(upstream, () => fateOf.request(number)),
    );
    upstream.on(
      "data",
      pass(client, () => fateOf.answer(number)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
