import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { writeBigText } from "../harness/big-csv.ts";

const script = fileURLToPath(new URL("../harness/profile-big-csv.ts", import.meta.url));
const megabyte = 1_000_000;

test.runIf(process.platform === "linux")(
  "server and workers stay under 600 MB while they profile every row of a CSV of 750 MB",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-memory-"));
    try {
      const path = join(folder, "root", "big.csv");
      await mkdir(dirname(path));
      const rowCount = await writeBigText(path, 750 * megabyte);
      const args = ["--import", "tsx", script, path, folder];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const { profiled, peakBytes } = JSON.parse(stdout);
      expect((await stat(path)).size).toBeGreaterThan(750 * megabyte);
      expect(profiled).toBe(rowCount);
      expect(peakBytes / megabyte).toBeGreaterThan(100);
      expect(peakBytes / megabyte).toBeLessThan(600);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  240_000,
);
