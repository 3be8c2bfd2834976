import { isUtf8 } from "node:buffer";
import type { TextEncoding } from "./format.ts";
import { decodeLatin1 } from "./latin1.ts";
import { firstInvalidUtf8, unfinishedUtf8Bytes } from "./utf8.ts";

export interface DetectedEncoding {
  encoding: TextEncoding;
  notes: string[];
}

/**
 * The encoding of text by its first bytes: a byte-order mark; else NUL bytes at every other place (UTF-16); else
 * valid UTF-8; else latin-1, which is said in `notes`. `undefined` for what is no text.
 */
export function detectEncoding(head: Buffer, isWhole: boolean): DetectedEncoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: "utf-16le", notes: [] };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: "utf-16be", notes: [] };
  if (head.includes(0)) return detectUtf16(head);
  if (controlShare(head) > 0.02) return undefined;
  const cutBytes = isWhole ? 0 : unfinishedUtf8Bytes(head);
  if (isMostlyUtf8(head.subarray(0, head.length - cutBytes))) return { encoding: "utf-8", notes: [] };
  return { encoding: "latin-1", notes: ["not valid UTF-8; read as latin-1 (Windows-1252)"] };
}

/**
 * Text with a bad byte among good sequences is damaged UTF-8, which a reader must be told; only text whose bytes
 * past ASCII make hardly any sense as UTF-8 is in another encoding: there a good sequence is an accident.
 */
function isMostlyUtf8(head: Buffer): boolean {
  if (isUtf8(head)) return true;
  let good = 0;
  let bad = 0;
  for (let rest = head; rest.length > 0; ) {
    const at = firstInvalidUtf8(rest);
    const valid = at < 0 ? rest : rest.subarray(0, at);
    good += valid.reduce((count, byte) => count + (byte >= 0xc0 ? 1 : 0), 0);
    bad += at < 0 ? 0 : 1;
    rest = at < 0 ? nothing : rest.subarray(at + 1);
  }
  return good >= 2 * bad;
}

const nothing = Buffer.alloc(0);

/** Text in Western letters has its NULs in one half of the byte pairs, and hardly any in the other. */
function detectUtf16(head: Buffer): DetectedEncoding | undefined {
  const counts: [number, number] = [0, 0];
  for (let index = 0; index < head.length; index += 1) {
    if (head[index] === 0) counts[index % 2 === 0 ? 0 : 1] += 1;
  }
  const pairs = Math.max(1, Math.floor(head.length / 2));
  const notes = ["no byte-order mark; read as UTF-16 because of its zero bytes"];
  if (counts[1] / pairs > 0.4 && counts[0] / pairs < 0.05) return { encoding: "utf-16le", notes };
  if (counts[0] / pairs > 0.4 && counts[1] / pairs < 0.05) return { encoding: "utf-16be", notes };
  return undefined;
}

/** Share of control characters that text does not use. */
function controlShare(head: Buffer): number {
  let controls = 0;
  for (const byte of head) {
    if ((byte < 32 && (byte < 7 || byte > 13) && byte !== 27) || byte === 127) controls += 1;
  }
  return head.length === 0 ? 0 : controls / head.length;
}

/** The text of a head for looking at, cut where its last character may be cut. Undecodable bytes show as U+FFFD. */
export function decodeHead(head: Buffer, encoding: TextEncoding): string {
  return decode(head, encoding).replace(/^\ufeff/, "");
}

function decode(head: Buffer, encoding: TextEncoding): string {
  if (encoding === "latin-1") return decodeLatin1(head);
  if (encoding === "utf-8") return head.subarray(0, head.length - unfinishedUtf8Bytes(head)).toString("utf8");
  const units = Buffer.from(head.subarray(0, head.length - (head.length % 2)));
  return (encoding === "utf-16be" ? units.swap16() : units).toString("utf16le");
}
