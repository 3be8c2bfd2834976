/** Objects with more keys than this are looked up in a set. */
const scanLimit = 32;

/**
 * The keys of the objects that are open at one moment, to find a key that comes twice. Keys are compared as they
 * are meant: `"a"` and `"\u0061"` are one.
 */
export class JsonKeys {
  #hashes = new Int32Array(256);
  #starts = new Float64Array(256);
  #ends = new Float64Array(256);
  /** Keys with an escape are kept as the text they mean. */
  #texts: (string | undefined)[] = [];
  #count = 0;
  /** Per depth: where its keys begin, and the set of them once there are many. */
  readonly #bases: Float64Array;
  readonly #sets: (Set<string> | undefined)[] = [];

  constructor(maxDepth: number) {
    this.#bases = new Float64Array(maxDepth + 1);
  }

  reset(): void {
    this.#count = 0;
    if (this.#texts.length > 1024) this.#texts = [];
  }

  enter(depth: number): void {
    this.#bases[depth] = this.#count;
    this.#sets[depth] = undefined;
  }

  leave(depth: number): void {
    this.#count = this.#bases[depth] as number;
    this.#sets[depth] = undefined;
  }

  /**
   * Adds the key at `start` (with its quotes, to `end`) to the object at `depth`. Gives its text where the object
   * has it already. `hash` covers the bytes between the quotes, and is not used for keys with escapes.
   */
  add(
    bytes: Buffer,
    start: number,
    end: number,
    hash: number,
    hasEscape: boolean,
    depth: number,
  ): string | undefined {
    const base = this.#bases[depth] as number;
    const text = hasEscape ? meantBy(bytes, start, end) : undefined;
    const meant = text === undefined ? hash : hashOf(text);
    if (this.#count - base >= scanLimit)
      return this.#addToSet(bytes, base, depth, text ?? meantBy(bytes, start, end));
    for (let index = base; index < this.#count; index += 1) {
      if (
        this.#hashes[index] === meant &&
        this.#textAt(bytes, index) === (text ?? meantBy(bytes, start, end))
      ) {
        return quoted(this.#textAt(bytes, index));
      }
    }
    this.#push(meant, start, end, text);
    return undefined;
  }

  #addToSet(bytes: Buffer, base: number, depth: number, text: string): string | undefined {
    let set = this.#sets[depth];
    if (!set) {
      set = new Set();
      for (let index = base; index < this.#count; index += 1) set.add(this.#textAt(bytes, index));
      this.#sets[depth] = set;
    }
    if (set.has(text)) return quoted(text);
    set.add(text);
    return undefined;
  }

  #textAt(bytes: Buffer, index: number): string {
    return this.#texts[index] ?? meantBy(bytes, this.#starts[index] as number, this.#ends[index] as number);
  }

  #push(hash: number, start: number, end: number, text: string | undefined): void {
    if (this.#count === this.#hashes.length) this.#grow();
    this.#hashes[this.#count] = hash;
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#texts[this.#count] = text;
    this.#count += 1;
  }

  #grow(): void {
    const size = 2 * this.#hashes.length;
    const wider = <Numbers extends Int32Array | Float64Array>(to: Numbers, from: Numbers): Numbers => {
      to.set(from);
      return to;
    };
    this.#hashes = wider(new Int32Array(size), this.#hashes);
    this.#starts = wider(new Float64Array(size), this.#starts);
    this.#ends = wider(new Float64Array(size), this.#ends);
  }
}

/** The text of a key that was found well-formed. */
function meantBy(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  return text.includes("\\") ? String(JSON.parse(text)) : text.slice(1, -1);
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

function quoted(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
}
