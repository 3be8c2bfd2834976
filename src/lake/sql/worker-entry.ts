import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** How to start the worker's program with this Node. */
export interface WorkerEntry {
  /** Options for Node itself. */
  nodeOptions: string[];
  program: string;
}

const bundleName = "query-worker.js";

/** The worker's program: its source while this runs from source, else the bundle beside or above this file. */
export function findWorkerEntry(from = import.meta.url): WorkerEntry {
  const here = dirname(fileURLToPath(from));
  if (from.endsWith(".ts")) {
    return {
      nodeOptions: ["--import", import.meta.resolve("tsx")],
      program: join(here, "worker", "main.ts"),
    };
  }
  const program = [join(here, bundleName), join(here, "..", bundleName)].find((path) => existsSync(path));
  if (program) return { nodeOptions: [], program };
  throw new Error(`The query worker's program ${bundleName} is missing: build Sluice again.`);
}
