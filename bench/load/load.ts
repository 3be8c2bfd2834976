import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { LoadRequest, LoadResult } from "./main.ts";

/** Sends load from a process of its own, one measurement after another. */
export interface Load {
  measure(request: LoadRequest): Promise<LoadResult>;
}

export function createLoad({ stdin, stdout }: ChildProcess): Load {
  if (!stdin || !stdout) throw new Error("The load process needs its standard input and output.");
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    async measure(request) {
      stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error("The load process has ended.");
      const result = JSON.parse(value) as LoadResult & { error?: string };
      if (result.error !== undefined) throw new Error(result.error);
      return result;
    },
  };
}
