import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Asked, Tried } from "./try-child.ts";

const script = fileURLToPath(new URL("./try-child.ts", import.meta.url));
/** One pattern's attacks take less than a second where each is quick. */
const patienceMs = 3_000;

/** Tries patterns in a process that can be ended, as a pattern that runs for hours cannot be interrupted. */
export class PatternTrial {
  #child: ChildProcess | undefined;

  async slowest(asked: Asked): Promise<Tried> {
    this.#child ??= fork(script, { execArgv: ["--import", "tsx"] });
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.close();
        resolve({ slowestMs: patienceMs, attack: "one of them never ended" });
      }, patienceMs);
      child.once("message", (answer: Tried) => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(answer);
      });
      child.once("error", reject);
      child.send(asked);
    });
  }

  close(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }
}
