import type { ReadRequest, Store } from "./store.ts";

/** What a read gives, as one piece in memory. Throws as stores do. */
export async function readBytes(
  store: Pick<Store, "read">,
  request: ReadRequest,
  signal: AbortSignal,
): Promise<Buffer> {
  const { body } = await store.read(request, signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
