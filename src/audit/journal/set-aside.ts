import { createHash } from "node:crypto";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RecordFields } from "../record/record.ts";
import { syncFolder } from "./append-file.ts";

/**
 * Keeps what a crash left of a line in a file of its own, named by the number the line would have had. The journal's
 * own file is cut only after that, so a second crash loses nothing either.
 */
export async function setAside(folder: string, sequence: number, torn: Buffer): Promise<void> {
  const handle = await open(join(folder, tornName(sequence)), "w", 0o600);
  try {
    await handle.writeFile(torn);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(folder);
}

/** The record of what was set aside at the end of a chain and is on no record yet. */
export async function noteOfTorn(
  folder: string,
  sequence: number,
  time: string,
): Promise<RecordFields | undefined> {
  const name = tornName(sequence);
  if (!(await readdir(folder)).includes(name)) return undefined;
  const bytes = await readFile(join(folder, name));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { kind: "torn", time, setAside: name, sizeBytes: bytes.length, sha256 };
}

function tornName(sequence: number): string {
  return `torn-${String(sequence).padStart(16, "0")}.bin`;
}
