import { closeSync, openSync, readSync } from "node:fs";
import { Xxh64 } from "../../../formats/xxh64.ts";
import type { Column } from "../../engine.ts";
import type { BloomPart, Chunk } from "./chunks.ts";

/** The value a filter asks of a column, and the file's type whose bytes a bloom filter knows it by. */
export interface SingleValue {
  physicalType: string;
  hash: bigint;
}

/**
 * Chunks that are sooner fetched than asked about: a request takes some 30 ms before its first byte, in which one connection
 * brings 2 to 3 MB.
 */
const worthAskingBytes = 1 << 20;

/**
 * The one value that a filter, in the plan's words, leaves of a column; undefined for all whose meaning is not certain.
 * Optional filters are none: the engine does not ask bloom filters about them, and so not about `IN` and `OR` either.
 */
export function singleValue(filter: string, { name, type }: Column): SingleValue | undefined {
  if (!filter.startsWith(`${name}=`)) return undefined;
  const text = filter.slice(name.length + 1);
  const [, quoted] = /^'((?:[^']|'')*)'$/.exec(text) ?? [];
  if (type === "VARCHAR" && quoted !== undefined)
    return { physicalType: "BYTE_ARRAY", hash: hashOf(Buffer.from(quoted.replaceAll("''", "'"))) };
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  if (type === "INTEGER") return integer(BigInt(text), 32);
  return type === "BIGINT" ? integer(BigInt(text), 64) : undefined;
}

function integer(value: bigint, bits: 32 | 64): SingleValue | undefined {
  if (BigInt.asIntN(bits, value) !== value) return undefined;
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return { physicalType: `INT${bits}`, hash: hashOf(bytes.subarray(0, bits / 8)) };
}

/** XXH64 of seed 0, by which bloom filters know a value. */
function hashOf(bytes: Uint8Array): bigint {
  const hash = new Xxh64();
  hash.update(bytes);
  return hash.digest();
}

/** The plan breaks its words at line ends, those of texts too: parts of a text would be taken for filters. */
export function areWhole(filters: readonly string[]): boolean {
  return filters.every((filter) => filter.split("'").length % 2 === 1);
}

/** A bloom filter, and what it is asked. */
export interface Question {
  bloom: BloomPart;
  values: readonly SingleValue[];
}

/** Whether so much may be spared that the bloom filters are to be had before the chunks. */
export function isWorthAsking(chunks: readonly Chunk[], questions: readonly Question[]): boolean {
  if (questions.length === 0) return false;
  const groups = new Set(chunks.map(groupKey));
  if (groups.size < 2) return false;
  const asked = new Set(questions.filter(canAnswer).map(({ bloom }) => groupKey(bloom)));
  const sparedBytes = chunks
    .filter((chunk) => asked.has(groupKey(chunk)))
    .reduce((sum, { start, end }) => sum + end - start, 0);
  return sparedBytes > worthAskingBytes;
}

/**
 * The chunks without the row groups that bloom filters exclude, which the engine then leaves out too. Their bytes must be
 * there: of zeros nothing can be said. Where this goes wrong, the statement runs again.
 */
export function withoutExcluded(
  chunks: readonly Chunk[],
  questions: readonly Question[],
  paths: ReadonlyMap<number, string>,
): Chunk[] {
  const candidates = new Set(chunks.map(groupKey));
  const asked = questions.filter(
    (question) => candidates.has(groupKey(question.bloom)) && canAnswer(question),
  );
  const excluded = new Set<string>();
  for (const file of new Set(asked.map(({ bloom }) => bloom.file))) {
    const path = paths.get(file);
    if (path === undefined) continue;
    const opened = openSync(path, "r");
    try {
      for (const { bloom, values } of asked) {
        if (bloom.file === file && values.some((value) => excludes(opened, bloom, value)))
          excluded.add(groupKey(bloom));
      }
    } finally {
      closeSync(opened);
    }
  }
  return chunks.filter((chunk) => !excluded.has(groupKey(chunk)));
}

function groupKey({ file, rowGroup }: Pick<Chunk, "file" | "rowGroup">): string {
  return `${file}/${rowGroup}`;
}

/** One whose length its writer did not say may not be there as a whole. */
function canAnswer({ bloom, values }: Question): boolean {
  return bloom.sizeBytes !== undefined && values.some((value) => value.physicalType === bloom.physicalType);
}

const blockBytes = 32;
/** The header in Thrift's compact form: the length of the blocks, in a varint, between these. */
const lengthField = 0x15;
/** Split blocks, XXH64, not compressed: no others are defined. */
const kinds = Buffer.from("1c1c00001c1c00001c1c000000", "hex");
const longestVarint = 5;

function excludes(
  opened: number,
  { start, sizeBytes = 0, physicalType }: BloomPart,
  value: SingleValue,
): boolean {
  // The engine takes a value of this hash for one it has none of.
  if (value.physicalType !== physicalType || value.hash === 0n) return false;
  const head = read(opened, start, 1 + longestVarint + kinds.length);
  const header = head && headerOf(head);
  if (!header || header.sizeBytes + header.blocksBytes !== sizeBytes) return false;
  const blockCount = BigInt(header.blocksBytes / blockBytes);
  const at = Number(((value.hash >> 32n) * blockCount) >> 32n);
  const block = read(opened, start + header.sizeBytes + at * blockBytes, blockBytes);
  return block !== undefined && !hasAllBits(block, Number(value.hash & 0xffffffffn));
}

function headerOf(head: Buffer): { sizeBytes: number; blocksBytes: number } | undefined {
  if (head[0] !== lengthField) return undefined;
  let zigzag = 0;
  let at = 1;
  for (; at <= longestVarint; at++) {
    const byte = head[at] ?? 0;
    zigzag += (byte & 0x7f) * 2 ** (7 * (at - 1));
    if (byte < 0x80) break;
  }
  const end = at + 1 + kinds.length;
  const blocksBytes = zigzag / 2;
  if (!kinds.equals(head.subarray(at + 1, end)) || blocksBytes === 0 || blocksBytes % blockBytes !== 0)
    return undefined;
  return { sizeBytes: end, blocksBytes };
}

const salts = [
  0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
];

function hasAllBits(block: Buffer, key: number): boolean {
  return salts.every(
    (salt, word) => ((block.readUInt32LE(word * 4) >>> (Math.imul(key, salt) >>> 27)) & 1) === 1,
  );
}

function read(opened: number, start: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  return readSync(opened, bytes, 0, length, start) === length ? bytes : undefined;
}
