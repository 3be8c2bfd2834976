import { type Body, eachOf } from "./body.ts";
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
export async function bytesOf(body: Body): Promise<Buffer> {
  return Buffer.concat(await piecesOf(body));
}

/** All of a body, in the pieces it came in. */
export async function piecesOf(body: Body): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  await eachOf(body, (piece) => void pieces.push(piece));
  return pieces;
}

/** Bytes of all pieces. */
export function sumLengths(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
