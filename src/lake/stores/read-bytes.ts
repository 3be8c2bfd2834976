import type { ReadRequest, Store } from "./store.ts";

/** What a read gives, as one piece in memory. Throws as stores do. */
export async function readBytes(
  store: Pick<Store, "read">,
  request: ReadRequest,
  signal: AbortSignal,
): Promise<Buffer> {
  return bytesOf((await store.read(request, signal)).body);
}

/** All of a body, as one piece in memory. */
export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
