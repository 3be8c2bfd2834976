import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../harness/profile-big-csv.ts", import.meta.url));
const megabyte = 1_000_000;

test.runIf(process.platform === "linux")(
  "server and workers stay under 600 MB while they profile every row of a CSV of 750 MB",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-memory-"));
    try {
      const args = ["--import", "tsx", script, folder, String(750 * megabyte)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const { sizeBytes, rowCount, profiled, peakBytes } = JSON.parse(stdout);
      expect(sizeBytes).toBeGreaterThan(750 * megabyte);
      expect(profiled).toBe(rowCount);
      expect(peakBytes / megabyte).toBeGreaterThan(100);
      expect(peakBytes / megabyte).toBeLessThan(600);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  240_000,
);
