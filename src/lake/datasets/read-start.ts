import { readBytes } from "../stores/read-bytes.ts";
import type { Store, StoredObject } from "../stores/store.ts";

/** The first bytes of the very version, fewer where it has no more. Throws `changed`. */
export async function readStart(
  stores: Pick<Store, "read">,
  { location, etag, sizeBytes }: StoredObject,
  startBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  if (sizeBytes === 0) return Buffer.alloc(0);
  const range = { start: 0, endExclusive: Math.min(startBytes, sizeBytes) };
  return readBytes(stores, { location, ...range, ifMatch: etag }, signal);
}
