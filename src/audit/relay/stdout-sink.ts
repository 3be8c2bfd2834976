import type { Sink } from "./sink.ts";

/** Prints the journal's lines, for what collects a process's standard output. Of this process's own chain only. */
export function createStdoutSink(out: (line: string) => void): Sink {
  return {
    name: "stdout",
    takesAll: false,
    async send(records) {
      for (const { line } of records) out(line);
    },
    async close() {},
  };
}
