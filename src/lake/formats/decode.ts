import { isUtf8 } from "node:buffer";
import { ToolError } from "../../core/errors.ts";
import type { TextEncoding } from "./format.ts";
import { decodeLatin1 } from "./latin1.ts";
import { firstInvalidUtf8, unfinishedUtf8Bytes } from "./utf8.ts";

/** Turns chunks of one encoding into chunks of valid UTF-8 without a byte-order mark. */
interface Utf8Decoder {
  push(chunk: Buffer): Buffer;
  /** What was kept for a next chunk that did not come. */
  end(): Buffer;
}

export interface DecodeFacts {
  /** Whether the text began with a byte-order mark, which is left out. */
  hadByteOrderMark: boolean;
}

const nothing = Buffer.alloc(0);

/** What becomes of bytes that are no UTF-8 in text that is said to be: `keep` leaves them for the reader to reject. */
export type InvalidUtf8 = "refuse" | "keep";

/**
 * Decodes a stream to UTF-8, leaving out a byte-order mark. Every byte is checked. Throws `invalid_input` with
 * the byte offset (in the decompressed stream) of what the encoding cannot have, unless UTF-8's are to be kept.
 * `facts` is filled on the way.
 */
export async function* decodeToUtf8(
  source: AsyncIterable<Uint8Array>,
  encoding: TextEncoding,
  facts: DecodeFacts,
  invalidUtf8: InvalidUtf8 = "refuse",
): AsyncGenerator<Buffer> {
  const decoder = createDecoder(encoding, invalidUtf8);
  let atStart = true;
  const withoutMark = (text: Buffer): Buffer => {
    if (!atStart || text.length === 0) return text;
    atStart = false;
    facts.hadByteOrderMark = text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf;
    return facts.hadByteOrderMark ? text.subarray(3) : text;
  };
  for await (const chunk of atLeast(4, source)) {
    const text = withoutMark(decoder.push(chunk));
    if (text.length > 0) yield text;
  }
  const rest = withoutMark(decoder.end());
  if (rest.length > 0) yield rest;
}

/** Joins first chunks until one has `sizeBytes`, so that a byte-order mark is never cut in two. */
async function* atLeast(sizeBytes: number, source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Buffer | undefined = nothing;
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (held === undefined) {
      yield bytes;
    } else {
      const joined: Buffer = Buffer.concat([held, bytes]);
      held = joined.length < sizeBytes ? joined : undefined;
      if (held === undefined) yield joined;
    }
  }
  if (held && held.length > 0) yield held;
}

function createDecoder(encoding: TextEncoding, invalidUtf8: InvalidUtf8): Utf8Decoder {
  if (encoding === "utf-8" && invalidUtf8 === "keep") return { push: (chunk) => chunk, end: () => nothing };
  if (encoding === "utf-8") return utf8Checker();
  if (encoding === "latin-1") {
    return { push: (chunk) => Buffer.from(decodeLatin1(chunk), "utf8"), end: () => nothing };
  }
  return utf16Decoder(encoding);
}

function utf8Checker(): Utf8Decoder {
  let held: Buffer = nothing;
  let offset = 0;
  const check = (bytes: Buffer): Buffer => {
    if (!isUtf8(bytes)) throw undecodable("utf-8", offset + Math.max(0, firstInvalidUtf8(bytes)));
    offset += bytes.length;
    return bytes;
  };
  return {
    push(chunk) {
      const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      const whole = bytes.length - unfinishedUtf8Bytes(bytes);
      // Copied, because the caller may reuse its chunk.
      held = whole === bytes.length ? nothing : Buffer.from(bytes.subarray(whole));
      return check(bytes.subarray(0, whole));
    },
    end: () => check(held),
  };
}

function utf16Decoder(encoding: "utf-16le" | "utf-16be"): Utf8Decoder {
  let held: Buffer = nothing;
  let offset = 0;
  const decode = (bytes: Buffer): Buffer => {
    const text = bytes.toString("utf16le");
    if (offset === 0 && text.startsWith("\ufffe")) {
      const other = encoding === "utf-16le" ? "utf-16be" : "utf-16le";
      throw new ToolError("invalid_input", `The text is marked as ${other}, not ${encoding}.`);
    }
    const lone = text.search(loneSurrogate);
    if (lone >= 0) throw undecodable(encoding, offset + 2 * lone);
    offset += bytes.length;
    return Buffer.from(text, "utf8");
  };
  return {
    push(chunk) {
      const bytes = Buffer.concat([held, chunk]);
      const even = bytes.length - (bytes.length % 2);
      const units = Buffer.from(bytes.subarray(0, even));
      if (encoding === "utf-16be") units.swap16();
      const lastUnit = even >= 2 ? units.readUInt16LE(even - 2) : 0;
      const whole = (lastUnit & 0xfc00) === 0xd800 ? even - 2 : even;
      held = Buffer.from(bytes.subarray(whole));
      return decode(units.subarray(0, whole));
    },
    end() {
      if (held.length > 0) throw undecodable(encoding, offset);
      return nothing;
    },
  };
}

/** With the u flag a surrogate of a pair is a part of its code point, and only lone ones are seen. */
const loneSurrogate = /\p{Surrogate}/u;

function undecodable(encoding: TextEncoding, byteOffset: number): ToolError {
  const others = (["utf-8", "latin-1", "utf-16le", "utf-16be"] as const).filter((name) => name !== encoding);
  return new ToolError(
    "invalid_input",
    `The text is not valid ${encoding} at byte ${byteOffset}. If it is in another encoding, say so with the argument encoding: ${others.join(", ")}.`,
    { details: { encoding, byteOffset } },
  );
}
