import process from "node:process";
import { commands } from "./commands/all.ts";
import { runCommandLine } from "./commands/frame/command-line.ts";
import { processTerminal } from "./commands/frame/terminal.ts";
import { countBuffersInHeapLimit, quietAwsSdk } from "./config/platform.ts";
import { version } from "./version.ts";

/** The command line of this process, to its end. */
export async function runProgram(): Promise<void> {
  /** Set once whoever read our output has gone (`sluice tools | head`): no fault, and nothing is left to say. */
  const reader = { left: false };
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exit(1);
    reader.left = true;
  });
  quietAwsSdk();
  countBuffersInHeapLimit();
  const exitCode = await runCommandLine(process.argv.slice(2), {
    commands,
    version,
    terminal: processTerminal(),
  });
  // What was written must be out before the process ends; what still lingers (kept-alive sockets) must not hold it.
  process.stdout.write("", () => process.exit(reader.left ? 0 : exitCode));
}
