import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";

/** On disk before it returns, whatever becomes of the process. */
export function appendSynced(path: string, line: string): void {
  const descriptor = openSync(path, "a");
  writeSync(descriptor, `${line}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** None where there is no file. */
export function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}
