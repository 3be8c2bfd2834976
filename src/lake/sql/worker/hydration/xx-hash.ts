const mask = (1n << 64n) - 1n;
const [prime1, prime2, prime3, prime4, prime5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;

/** XXH64 of seed 0, by which Parquet's bloom filters know a value. For single values: it is not fast. */
export function xxHash64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash: bigint = prime5;
  if (bytes.length >= 32) {
    const lanes = [wrapped(prime1 + prime2), prime2, 0n, wrapped(-prime1)];
    for (; at + 32 <= bytes.length; at += 32) {
      for (const [i, lane] of lanes.entries()) lanes[i] = round(lane, view.getBigUint64(at + 8 * i, true));
    }
    hash = lanes.reduce((sum, lane, i) => wrapped(sum + turned(lane, [1n, 7n, 12n, 18n][i] ?? 0n)), 0n);
    for (const lane of lanes) hash = wrapped((hash ^ round(0n, lane)) * prime1 + prime4);
  }
  return mixed(withRest(wrapped(hash + BigInt(bytes.length)), view, at));
}

/** Takes in what is left behind the last 32 bytes. */
function withRest(before: bigint, view: DataView, start: number): bigint {
  let hash = before;
  let at = start;
  for (; at + 8 <= view.byteLength; at += 8)
    hash = wrapped(turned(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * prime1 + prime4);
  if (at + 4 <= view.byteLength) {
    hash = wrapped(turned(hash ^ wrapped(BigInt(view.getUint32(at, true)) * prime1), 23n) * prime2 + prime3);
    at += 4;
  }
  for (; at < view.byteLength; at++)
    hash = wrapped(turned(hash ^ wrapped(BigInt(view.getUint8(at)) * prime5), 11n) * prime1);
  return hash;
}

function mixed(before: bigint): bigint {
  let hash = before;
  hash = wrapped((hash ^ (hash >> 33n)) * prime2);
  hash = wrapped((hash ^ (hash >> 29n)) * prime3);
  return hash ^ (hash >> 32n);
}

function round(lane: bigint, input: bigint): bigint {
  return wrapped(turned(wrapped(lane + input * prime2), 31n) * prime1);
}

function turned(value: bigint, bits: bigint): bigint {
  return wrapped(value << bits) | (value >> (64n - bits));
}

function wrapped(value: bigint): bigint {
  return value & mask;
}
