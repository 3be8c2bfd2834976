/** Takes the next bytes of a body, which are the taker's alone, to keep or to free. Where it gives a promise no more come before that is kept. */
export type TakeBytes = (bytes: Uint8Array) => Promise<void> | undefined;

/** Bytes as they come, once: walked as an iterable, or handed over by `each`. */
export interface Body extends AsyncIterable<Uint8Array> {
  /** As a walk, but without a promise for every piece. Throws what a walk throws, and what `take` does. */
  each?(take: TakeBytes): Promise<void>;
}

/** Hands all bytes of a body over. Throws what the body and `take` throw. */
export async function eachOf(body: Body, take: TakeBytes): Promise<void> {
  if (body.each) return body.each(take);
  for await (const bytes of body) await take(bytes);
}

/**
 * Has their memory at once what comes next, and not when V8 next collects: from Node 22 on, where nothing else lies in it. Does
 * nothing with what was freed before.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (byteLength === 0 || buffer.byteLength !== byteLength || !("transfer" in buffer)) return;
  if (typeof buffer.transfer === "function") buffer.transfer(0);
}
