import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Makes the sample lake in `folder` with a process of its own. Throws with that process's last words when it fails. */
export async function runGenerator(folder: string, signal?: AbortSignal): Promise<void> {
  const [options, program] = findProgram(import.meta.url);
  const child = spawn(process.execPath, [...options, program, folder], {
    stdio: ["ignore", "ignore", "pipe"],
    ...(signal ? { signal } : {}),
  });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = `${words}${text}`.slice(-4_000);
  });
  let fault: unknown;
  child.on("error", (error) => {
    fault = error;
  });
  // Closed also after an abort: nothing writes to the folder any more.
  const [code, endedBy] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("close", (...ending) => resolve(ending));
  });
  if (fault !== undefined) throw fault;
  if (code !== 0)
    throw new Error(`Making the sample lake failed (${endedBy ?? `exit code ${code}`}). ${words}`);
}

/** The program beside this one: TypeScript in a checkout, a bundle of its own in a build. */
function findProgram(here: string): [options: string[], program: string] {
  if (here.endsWith(".ts")) {
    return [["--import", import.meta.resolve("tsx")], fileURLToPath(new URL("generator-process.ts", here))];
  }
  const places = ["demo-generator.js", "../demo-generator.js"].map((path) =>
    fileURLToPath(new URL(path, here)),
  );
  const program = places.find((path) => existsSync(path));
  if (program === undefined)
    throw new Error("The program that makes the sample lake is not part of this build.");
  return [[], program];
}
