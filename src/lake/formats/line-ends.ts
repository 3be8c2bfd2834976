import type { CsvDialect } from "./format.ts";

/** How the lines of a text end, outside quoted fields. */
export type LineEnds = "none" | "lf" | "crlf" | "cr" | "mixed";

const lf = 10;
const cr = 13;
const kindOther = 0;
const kindQuote = 1;
const kindEscape = 2;
const kindLineEnd = 3;

/**
 * Follows a text chunk by chunk and makes every line end outside quoted fields `\n`; what is inside quotes stays
 * as it is. Mixed ends must go, because DuckDB's reader splits such files wrongly, in part without an error.
 */
export class LineEndNormalizer {
  readonly #kinds = new Uint8Array(256);
  readonly #quote: number;
  readonly #separator: number;
  readonly #doubles: boolean;
  #inQuotes = false;
  /** The byte before the chunk; a line end at the very start, where a field may begin. */
  #previous = lf;
  /** Whether the byte before the chunk was a CR outside quotes, whose line end is not counted yet. */
  #pendingCr = false;
  /** Inside quotes: the byte before the chunk escapes the next one. */
  #escaped = false;
  /** The byte before closed a quoted field: a quote right here is the second of a pair, and reopens it. */
  #justClosed = false;
  readonly #seen = { lf: false, crlf: false, cr: false };

  /** Without a dialect every line end counts, as in plain text. */
  constructor(dialect?: CsvDialect) {
    this.#kinds[lf] = kindLineEnd;
    this.#kinds[cr] = kindLineEnd;
    this.#quote = dialect?.quote ? dialect.quote.charCodeAt(0) : -1;
    this.#separator = dialect ? (Buffer.from(dialect.separator).at(-1) ?? -1) : -1;
    this.#doubles = !dialect || dialect.escape === dialect.quote || dialect.escape === "";
    if (this.#quote >= 0) this.#kinds[this.#quote] = kindQuote;
    if (dialect && this.#quote >= 0 && !this.#doubles) this.#kinds[dialect.escape.charCodeAt(0)] = kindEscape;
  }

  /** What was seen so far. Complete after `end`. */
  get lineEnds(): LineEnds {
    const kinds = (["lf", "crlf", "cr"] as const).filter((kind) => this.#seen[kind]);
    return kinds.length > 1 ? "mixed" : (kinds[0] ?? "none");
  }

  /** The chunk with its line ends made `\n`: the chunk itself where nothing had to change. */
  push(chunk: Buffer): Buffer {
    const plain = !this.#inQuotes && !this.#pendingCr && !chunk.includes(cr);
    if (plain && (this.#quote < 0 || !chunk.includes(this.#quote))) {
      this.#seen.lf ||= chunk.includes(lf);
      this.#justClosed &&= chunk.length === 0;
      this.#previous = chunk.at(-1) ?? this.#previous;
      return chunk;
    }
    return this.#walk(chunk);
  }

  /** What is left at the end: nothing, or the line end of a last CR. */
  end(): Buffer {
    if (!this.#pendingCr) return Buffer.alloc(0);
    this.#pendingCr = false;
    this.#seen.cr = true;
    return Buffer.from("\n");
  }

  #walk(chunk: Buffer): Buffer {
    const out = new Rewriter(chunk);
    let index = this.#resolvePendingCr(chunk, out);
    while (index < chunk.length) {
      index = this.#inQuotes ? this.#quoted(chunk, index) : this.#unquoted(chunk, index, out);
    }
    this.#previous = chunk.at(-1) ?? this.#previous;
    return out.finish();
  }

  /** A CR ended the last chunk: now it shows whether an LF follows. */
  #resolvePendingCr(chunk: Buffer, out: Rewriter): number {
    if (!this.#pendingCr || chunk.length === 0) return 0;
    this.#pendingCr = false;
    this.#previous = lf;
    if (chunk[0] === lf) {
      this.#seen.crlf = true;
      out.replace(0, 1, "\n");
      return 1;
    }
    this.#seen.cr = true;
    out.replace(0, 0, "\n");
    return 0;
  }

  /** Goes on to the next quote that opens a field or past the next line end. */
  #unquoted(chunk: Buffer, from: number, out: Rewriter): number {
    const kinds = this.#kinds;
    const reopens = this.#justClosed && this.#doubles && chunk[from] === this.#quote;
    this.#justClosed = false;
    if (reopens) {
      this.#inQuotes = true;
      return from + 1;
    }
    let index = from;
    for (; index < chunk.length; index += 1) {
      const kind = kinds[chunk[index] as number];
      if (kind === kindOther || kind === kindEscape) continue;
      if (kind === kindLineEnd) return this.#lineEnd(chunk, index, out);
      const before = index > 0 ? chunk[index - 1] : this.#previous;
      if (before === this.#separator || before === lf || before === cr) {
        this.#inQuotes = true;
        return index + 1;
      }
    }
    return index;
  }

  #lineEnd(chunk: Buffer, index: number, out: Rewriter): number {
    if (chunk[index] === lf) {
      this.#seen.lf = true;
      return index + 1;
    }
    if (index + 1 === chunk.length) {
      this.#pendingCr = true;
      out.replace(index, index + 1, "");
      return index + 1;
    }
    const next = chunk[index + 1] === lf ? index + 2 : index + 1;
    this.#seen[next === index + 2 ? "crlf" : "cr"] = true;
    out.replace(index, next, "\n");
    return next;
  }

  /** Goes on past the quote that closes the field. */
  #quoted(chunk: Buffer, from: number): number {
    let index = from;
    if (this.#escaped) {
      this.#escaped = false;
      index += 1;
    }
    for (; index < chunk.length; index += 1) {
      const kind = this.#kinds[chunk[index] as number];
      if (kind === kindEscape) {
        this.#escaped = index + 1 === chunk.length;
        index += 1;
      } else if (kind === kindQuote) {
        this.#inQuotes = false;
        this.#justClosed = true;
        return index + 1;
      }
    }
    return chunk.length;
  }
}

/** A chunk with some of its bytes replaced. Copies nothing until the first replacement. */
class Rewriter {
  readonly #chunk: Buffer;
  #out: Buffer | undefined;
  #sizeBytes = 0;
  #copiedUpTo = 0;

  constructor(chunk: Buffer) {
    this.#chunk = chunk;
  }

  /** Replacements come in order, and only the one at 0 may insert without taking away. */
  replace(start: number, end: number, by: "" | "\n"): void {
    // One more than the chunk: for the line end that a CR of the chunk before still lacks.
    this.#out ??= Buffer.allocUnsafe(this.#chunk.length + 1);
    this.#copy(this.#out, start);
    this.#copiedUpTo = end;
    if (by === "\n") this.#out[this.#sizeBytes++] = lf;
  }

  finish(): Buffer {
    if (!this.#out) return this.#chunk;
    this.#copy(this.#out, this.#chunk.length);
    return this.#out.subarray(0, this.#sizeBytes);
  }

  #copy(out: Buffer, end: number): void {
    this.#sizeBytes += this.#chunk.copy(out, this.#sizeBytes, this.#copiedUpTo, end);
  }
}
