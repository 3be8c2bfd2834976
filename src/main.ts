#!/usr/bin/env node
import process from "node:process";
import { commands } from "./commands/all.ts";
import { runCommandLine } from "./commands/frame/command-line.ts";
import { processTerminal } from "./commands/frame/terminal.ts";
import { quietAwsSdk } from "./config/platform.ts";
import { version } from "./version.ts";

// Whoever reads our output may stop early (`sluice tools | head`): that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});
quietAwsSdk();
const exitCode = await runCommandLine(process.argv.slice(2), {
  commands,
  version,
  terminal: processTerminal(),
});
// What was written must be out before the process ends; what still lingers (kept-alive sockets) must not hold it.
process.stdout.write("", () => process.exit(exitCode));
