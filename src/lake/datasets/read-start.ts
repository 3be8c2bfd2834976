import type { Store, StoredObject } from "../stores/store.ts";

/** The first bytes of the very version, fewer where it has no more. Throws `changed`. */
export async function readStart(
  stores: Pick<Store, "read">,
  { location, etag, sizeBytes }: StoredObject,
  startBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const range = { start: 0, endExclusive: Math.min(startBytes, sizeBytes) };
  const { body } = await stores.read({ location, ...range, ifMatch: etag }, signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
