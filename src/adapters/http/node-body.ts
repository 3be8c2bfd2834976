import type { IncomingMessage } from "node:http";

/**
 * The whole body as text, or undefined as soon as it is longer than `maxBytes`; the rest is then not read.
 * Rejects when the client goes away before its end, or it is not UTF-8.
 */
export function readNodeBody(incoming: IncomingMessage, maxBytes: number): Promise<string | undefined> {
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
    incoming.on("end", () => resolve(decode(chunks)));
    incoming.on("error", reject);
    incoming.on("close", () => reject(new Error("The client went away while it sent its request.")));
  });
}

function decode(chunks: readonly Buffer[]): string {
  const [first, ...rest] = chunks;
  if (!first) return "";
  const bytes = rest.length === 0 ? first : Buffer.concat(chunks);
  return bytes.toString("utf8");
}
