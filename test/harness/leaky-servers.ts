import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";

/** A server that says in its errors what it was sent, as careless ones do. */
export interface LeakyServer {
  port: number;
  /** Requests or connections so far. */
  asked(): number;
  close(): void;
}

/** Stands for S3: answers with the credentials and signatures of the request, as SignatureDoesNotMatch does. */
export async function leakyS3(words: string): Promise<LeakyServer> {
  let asked = 0;
  const server = createHttpServer((request, response) => {
    asked++;
    const headers = Object.entries(request.headers).map(([name, value]) => `${name}:${value}`);
    const signature = /Signature=(\w+)/.exec(request.headers.authorization ?? "")?.[1];
    response.writeHead(403, { "content-type": "application/xml" });
    response.end(
      request.method === "HEAD"
        ? undefined
        : `<Error><Code>SignatureDoesNotMatch</Code><Message>${words}</Message><SignatureProvided>${signature}</SignatureProvided><CanonicalRequest>${headers.join("\n")}</CanonicalRequest></Error>`,
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return leaky(server, () => asked);
}

/** Stands for PostgreSQL: refuses whoever comes, with these words. Source: PostgreSQL, "Message Formats". */
export async function leakyPostgres(words: string): Promise<LeakyServer> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      asked++;
      const fields = Buffer.from(`SFATAL\0C28P01\0M${words}\0D${words}\0\0`);
      const head = Buffer.alloc(5);
      head.write("E");
      head.writeInt32BE(fields.length + 4, 1);
      socket.end(Buffer.concat([head, fields]));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return leaky(server, () => asked);
}

function leaky(
  server: ReturnType<typeof createServer> | ReturnType<typeof createHttpServer>,
  asked: () => number,
): LeakyServer {
  const { port } = server.address() as AddressInfo;
  return { port, asked, close: () => void server.close() };
}
