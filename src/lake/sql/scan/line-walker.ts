import type { RecordAutomaton } from "./record-automaton.ts";
import { walkModule } from "./walk-module.ts";

const pageBytes = 64 << 10;
/** Of the text that is held at a time, behind the classes of all bytes. */
const textAt = 512;
/** Lines are looked for by so many bytes at once, and may be read that far past the text. */
const blockBytes = 16;

/** What lines are like. */
export interface LineMeasure {
  count: number;
  /** Of those, lines with nothing in them. */
  blankCount: number;
  /** Its end included. */
  longestBytes: number;
}

interface WalkExports {
  walk(from: number, end: number, state: number): number;
  walkFour(
    a: number,
    b: number,
    c: number,
    d: number,
    end: number,
    start: number,
  ): [number, number, number, number];
  measure(from: number, end: number, hasReturns: number): [number, number, number];
}

/** Places of a text that is cut into four, in order: each is where a line begins, or the end. */
export type Quarters = readonly [number, number, number, number, number];

/**
 * Walks text through a record automaton, and measures its lines, as WebAssembly (walk.wat): three times as fast as
 * JavaScript, which looks at the bounds of each array for each byte. Places are those of the text given last.
 */
export class LineWalker {
  private readonly memory: WebAssembly.Memory;
  private readonly exports: WalkExports;
  private readonly tableAt: number;
  private start = 0;

  /** `mostBytes`: of the text given at a time. */
  constructor(mostBytes: number) {
    this.tableAt = Math.ceil((textAt + mostBytes + blockBytes) / 8) * 8;
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(this.tableAt / pageBytes) });
    const instance = new WebAssembly.Instance(compiled(), { host: { memory: this.memory } });
    this.exports = instance.exports as unknown as WalkExports;
  }

  /** Takes the automaton that is walked through from now on. */
  load({ table, classes, start }: RecordAutomaton): void {
    const { memory, tableAt } = this;
    const missingBytes = tableAt + table.byteLength - memory.buffer.byteLength;
    if (missingBytes > 0) memory.grow(Math.ceil(missingBytes / pageBytes));
    new Uint16Array(memory.buffer, 0, classes.length).set(classes.map((item) => item * 4));
    const rows = new Int32Array(memory.buffer, tableAt, table.length);
    for (const [at, row] of table.entries()) rows[at] = tableAt + row * 4;
    this.start = tableAt + start * 4;
  }

  /** Takes the text that is looked at from now on. */
  put(text: Uint8Array): void {
    new Uint8Array(this.memory.buffer, textAt, text.length).set(text);
  }

  /** Whether a part of the text is records, from the first of its lines to the last. */
  takes(from: number, end: number): boolean {
    const { exports, start } = this;
    return exports.walk(textAt + from, textAt + end, start) === start;
  }

  /** The same of each quarter. */
  takesQuarters([a, b, c, d, end]: Quarters): boolean[] {
    const { exports, start } = this;
    const at = [textAt + a, textAt + b, textAt + c, textAt + d, textAt + end] as const;
    return exports.walkFour(...at, start).map((state) => state === start);
  }

  /** The lines of a part of the text, which ends with one. */
  measure(from: number, end: number, hasReturns: boolean): LineMeasure {
    const found = this.exports.measure(textAt + from, textAt + end, hasReturns ? 1 : 0);
    const [count, blankCount, longestBytes] = found;
    return { count, blankCount, longestBytes };
  }
}

let walkProgram: WebAssembly.Module | undefined;

function compiled(): WebAssembly.Module {
  walkProgram ??= new WebAssembly.Module(Buffer.from(walkModule, "base64"));
  return walkProgram;
}
