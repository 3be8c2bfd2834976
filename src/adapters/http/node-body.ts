import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";

/** What is asked of a Node request, of HTTP/1 or 2, whose body is read. */
export type NodeBody = Readable & Pick<IncomingMessage, "headers" | "complete">;

/**
 * The whole body, or undefined as soon as it is longer than `maxBytes`; the rest is then not read. Rejects
 * when the client goes away before its end.
 */
export function readNodeBody(incoming: NodeBody, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(incoming.headers["content-length"]) > maxBytes) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    incoming.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      incoming.removeAllListeners("data");
      incoming.pause();
      resolve(undefined);
    });
    incoming.on("end", () => resolve(Buffer.concat(chunks)));
    incoming.on("error", reject);
    incoming.on("close", () => {
      if (!incoming.complete) reject(new Error("The client went away while it sent its request."));
    });
  });
}
