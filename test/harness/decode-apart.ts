import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const script = fileURLToPath(new URL("./decode-child.ts", import.meta.url));

/** Reads bytes in a process of its own, whose memory nothing else uses: the fault's code, and the peak over its start. */
export async function decodeApart(
  kind: "zstd" | "detect" | "footer",
  bytes: Uint8Array,
): Promise<{ code?: string; grownBytes: number }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-decode-"));
  try {
    const path = join(folder, "input");
    await writeFile(path, bytes);
    const args = ["--import", "tsx", script, kind, path];
    return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}
