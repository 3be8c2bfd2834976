import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { readSurroundings, type Surroundings } from "../../config/platform.ts";
import { escapeCharacters } from "../../core/escape.ts";

/** The outside of a command: what it may read and write. */
export interface Terminal {
  /** Data, on standard output. Ends the line. */
  out(text: string): void;
  /** Words, on standard error. Ends the line. */
  err(text: string): void;
  /** Writes to standard error as it is: for progress that rewrites its line. */
  errRaw(text: string): void;
  /** Whether a person watches standard error. */
  errIsTty: boolean;
  /** Whether standard input is a person's keyboard. */
  inIsTty: boolean;
  /** All of standard input, as UTF-8. */
  readInput(): string;
  /** Writes the question to standard error and reads one line; empty at the end of standard input. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  surroundings: Surroundings;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(`${printable(text)}\n`),
    err: (text) => void process.stderr.write(`${printable(text)}\n`),
    errRaw: (text) => void process.stderr.write(text),
    errIsTty: process.stderr.isTTY === true,
    inIsTty: process.stdin.isTTY === true,
    readInput: () => readFileSync(0, "utf8"),
    ask: askLine,
    surroundings: readSurroundings(),
  };
}

async function askLine(question: string, signal: AbortSignal): Promise<string> {
  // Not as a terminal, which would take Ctrl-C from the process.
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    process.stderr.write(question);
    return await Promise.race([
      once(lines, "line", { signal }).then(([line]) => String(line)),
      once(lines, "close", { signal }).then(() => ""),
    ]);
  } finally {
    lines.close();
  }
}

/**
 * Text that cannot rewrite a terminal or hide parts of itself: control and direction characters are shown as
 * `\u001b`, which in JSON stands for the same character. Line ends and tabs stay.
 */
export function printable(text: string): string {
  return escapeCharacters(text, /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu);
}
