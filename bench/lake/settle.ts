import { execFile } from "node:child_process";
import { freemem } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);
const pieceBytes = 2 ** 26;
const useMemory = `const held = []; for (let i = 0; i < Number(process.argv[1]); i++) held.push(Buffer.alloc(${pieceBytes}, 1));`;

/** Waits until what was fetched before is on the disk: it would be written at the next question's expense. */
export async function settleDisk(): Promise<void> {
  await run("sync");
}

/**
 * Uses so much memory and gives it back. A virtual machine's memory is made by its host page by page where it was never
 * used or lay idle: that takes longer than a download, and falls upon whoever keeps what it fetched rather than on those who
 * delete it before the next question.
 */
export async function settleMemory(bytes: number): Promise<void> {
  const pieces = Math.ceil(Math.min(bytes, freemem() / 2) / pieceBytes);
  await run(process.execPath, ["-e", useMemory, String(pieces)]);
}
