const arrayMagic = 1_681_511_377;
const cookieWithRuns = 12_347;
const cookieWithoutRuns = 12_346;
const firstSizeWithOffsets = 4;
const arrayContainerMost = 4_096;

/**
 * The values of a deletion vector in rising order. Source: Delta protocol, "Deletion Vector Format"; the Roaring
 * bitmap format specification, "extension for 64-bit implementations".
 */
export function* rowsOfBitmap(bytes: Buffer): Generator<number> {
  if (bytes.readUInt32LE(0) !== arrayMagic) throw new RangeError("it does not begin as a bitmap array does");
  const count = bytes.readBigUInt64LE(4);
  let at = 12;
  for (let index = 0n; index < count; index++) {
    const high = bytes.readUInt32LE(at) * 2 ** 32;
    if (high > Number.MAX_SAFE_INTEGER - 2 ** 32) throw new RangeError("it has rows past 2⁵³");
    at = yield* bitmap(bytes, at + 4, high);
  }
  if (at !== bytes.length) throw new RangeError("bytes follow its end");
}

/** One 32-bit bitmap; answers where it ends. */
function* bitmap(bytes: Buffer, start: number, high: number): Generator<number, number> {
  const { containers, headersAt } = readHead(bytes, start);
  let at = headersAt;
  for (const { key, cardinality, isRun } of containers) {
    const base = high + key * 65_536;
    if (isRun) at = yield* runs(bytes, at, base);
    else if (cardinality <= arrayContainerMost) at = yield* array(bytes, at, base, cardinality);
    else at = yield* bits(bytes, at, base);
  }
  return at;
}

interface Container {
  key: number;
  cardinality: number;
  isRun: boolean;
}

function readHead(bytes: Buffer, start: number): { containers: Container[]; headersAt: number } {
  let at = start;
  const cookie = bytes.readUInt32LE(at);
  at += 4;
  const hasRuns = (cookie & 0xffff) === cookieWithRuns;
  if (!hasRuns && cookie !== cookieWithoutRuns) throw new RangeError(`it has the unknown cookie ${cookie}`);
  const size = hasRuns ? (cookie >>> 16) + 1 : bytes.readUInt32LE(at);
  if (!hasRuns) at += 4;
  if (size > 65_536) throw new RangeError(`it claims ${size} containers`);
  const flags = hasRuns ? bytes.subarray(at, at + Math.ceil(size / 8)) : undefined;
  at += flags?.length ?? 0;
  const containers: Container[] = [];
  for (let index = 0; index < size; index++, at += 4) {
    const isRun = ((flags?.[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
    containers.push({ key: bytes.readUInt16LE(at), cardinality: bytes.readUInt16LE(at + 2) + 1, isRun });
  }
  if (!hasRuns || size >= firstSizeWithOffsets) at += 4 * size;
  return { containers, headersAt: at };
}

function* runs(bytes: Buffer, start: number, base: number): Generator<number, number> {
  const count = bytes.readUInt16LE(start);
  let at = start + 2;
  for (let index = 0; index < count; index++, at += 4) {
    const first = bytes.readUInt16LE(at);
    const last = first + bytes.readUInt16LE(at + 2);
    for (let value = first; value <= last; value++) yield base + value;
  }
  return at;
}

function* array(bytes: Buffer, start: number, base: number, cardinality: number): Generator<number, number> {
  for (let index = 0; index < cardinality; index++) yield base + bytes.readUInt16LE(start + 2 * index);
  return start + 2 * cardinality;
}

function* bits(bytes: Buffer, start: number, base: number): Generator<number, number> {
  if (start + 8_192 > bytes.length) throw new RangeError("it is cut short");
  for (let index = 0; index < 8_192; index++) {
    const byte = bytes[start + index] ?? 0;
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) yield base + index * 8 + bit;
  }
  return start + 8_192;
}
