/** An item of one tenant. */
export interface SharedKey {
  tenantId: string;
  name: string;
}

/**
 * What sessions ask of the store that servers share. Values hold 64 KiB of UTF-8; from `expiresAtMs` on
 * (milliseconds since the epoch) one is as if it were not there. `putIf` puts where the value is still `expected`.
 */
export interface SharedItems {
  get(key: SharedKey): Promise<string | undefined>;
  putIf(
    key: SharedKey,
    item: { value: string; expiresAtMs: number },
    expected: string | undefined,
  ): Promise<{ isDone: true } | { isDone: false; current?: string }>;
  delete(key: SharedKey): Promise<void>;
}

/** Bytes of one part of a longer text, with room beside it for what surrounds it. */
const maxPartBytes = 60_000;

/** Rounds in which others may change the same item before it is given up. */
const maxRounds = 50;

/** Puts what `change` makes of the value, as often as others come between; `undefined` leaves it. Gives what is kept. */
export async function changeItem(
  items: SharedItems,
  key: SharedKey,
  change: (value: string | undefined) => { value: string; expiresAtMs: number } | undefined,
): Promise<string | undefined> {
  let held = await items.get(key);
  for (let round = 0; round < maxRounds; round++) {
    const item = change(held);
    if (!item) return held;
    const put = await items.putIf(key, item, held);
    if (put.isDone) return item.value;
    held = put.current;
  }
  throw new Error("Too many servers change the same item of a session at once.");
}

/** Cuts a text where no character is cut in two. At least one part. */
export function partsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const parts: string[] = [];
  let from = 0;
  do {
    let to = Math.min(from + maxPartBytes, bytes.length);
    while (to < bytes.length && ((bytes[to] ?? 0) & 0xc0) === 0x80) to--;
    parts.push(bytes.toString("utf8", from, to));
    from = to;
  } while (from < bytes.length);
  return parts;
}
