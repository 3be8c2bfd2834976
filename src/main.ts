#!/usr/bin/env node
import process from "node:process";
import { restartInHugePages } from "./config/huge-pages.ts";

const servers = new Set(["serve", "stdio", "demo"]);

// Before the program is loaded, so that it is loaded once.
if (process.argv.some((word) => servers.has(word))) restartInHugePages();
const { runProgram } = await import("./program.ts");
await runProgram();
