import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Writes a web response to Node's, with `more` headers. Returns when it is sent, or the client is gone. */
export async function writeNodeResponse(
  response: Response,
  outgoing: ServerResponse,
  more: Record<string, string> = {},
): Promise<void> {
  if (outgoing.destroyed) {
    await response.body?.cancel().catch(() => {});
    return;
  }
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (!response.body || !isStream) {
    // As a string it goes out in one write with its headers.
    const text = response.body ? await response.text() : "";
    outgoing.writeHead(response.status, { ...headersOf(response, Buffer.byteLength(text)), ...more });
    outgoing.end(text);
    return;
  }
  outgoing.writeHead(response.status, { ...headersOf(response), ...more });
  outgoing.flushHeaders();
  await pipe(response.body, outgoing);
}

function headersOf(response: Response, sizeBytes?: number): Record<string, string> {
  const headers = Object.fromEntries(response.headers);
  if (sizeBytes !== undefined && response.status !== 204) headers["content-length"] = String(sizeBytes);
  return headers;
}

async function pipe(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  const gone = new AbortController();
  outgoing.once("close", () => {
    gone.abort();
    void reader.cancel().catch(() => {});
  });
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (outgoing.destroyed) return;
      if (!outgoing.write(next.value)) await once(outgoing, "drain", { signal: gone.signal });
    }
    outgoing.end();
  } catch {
    // The client left mid-stream, or the stream broke: either way nothing more can be told it.
    outgoing.destroy();
  }
}
