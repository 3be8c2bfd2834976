import { once } from "node:events";
import { createWriteStream, readdirSync, readFileSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createLake } from "../../src/lake/create-lake.ts";

/**
 * A process of its own that profiles a CSV file of `argv[3]` bytes, made below folder `argv[2]`, and prints as JSON
 * the profile's row count and the peak of memory of itself and its query workers. Linux only: reads /proc.
 */
const [folder = "", size = "0"] = process.argv.slice(2);
const root = join(folder, "root");
const path = join(root, "big.csv");
await mkdir(root, { recursive: true });
const rowCount = await writeCsv(path, Number(size));

let peakBytes = 0;
const timer = setInterval(() => {
  peakBytes = Math.max(peakBytes, familyBytes());
}, 50);
const lake = createLake({
  buckets: [],
  localRoots: [{ name: "root", path: root }],
  allowHardLinks: false,
  s3: { region: undefined, endpoint: undefined, forcePathStyle: true },
  cache: { dir: join(folder, "cache"), maxBytes: 4e9 },
  maxDecompressedBytes: 4e9,
  query: {
    timeoutMs: 300_000,
    memoryBytes: 256 * 1024 ** 2,
    threads: 2,
    workers: 1,
    tempBytes: 4e9,
    maxScanBytes: 4e9,
    maxResultBytes: 1e8,
  },
  summarize: { maxInputBytes: 1e6 },
  exports: {
    buckets: [],
    expiresMs: 3_600_000,
    maxExpiresMs: 43_200_000,
    maxBytes: 1024 ** 3,
    encryption: { method: "bucket" },
  },
});
const scope = { tenantId: "t", principalId: "p", signal: new AbortController().signal, progress() {} };
const request = { uri: path, columns: [], topValues: 5, histogramBins: 10, firstColumn: 0, maxColumns: 50 };
const profile = await lake.profile({ ...request, mode: "whole" }, scope);
clearInterval(timer);
await lake.close();
const { size: sizeBytes } = await stat(path);
console.log(JSON.stringify({ sizeBytes, rowCount, profiled: profile.profiledRows, peakBytes }));

async function writeCsv(to: string, sizeBytes: number): Promise<number> {
  const file = createWriteStream(to);
  let rows = 0;
  let written = file.write("id,customer,status,total,day,city,note\n") ? 39 : 0;
  while (written < sizeBytes) {
    let block = "";
    for (let count = 0; count < 5_000; count++, rows++) {
      const day = `2025-${String(1 + (rows % 12)).padStart(2, "0")}-${String(1 + (rows % 28)).padStart(2, "0")}`;
      block += `${rows},c${(rows * 7919) % 500_000},${["open", "paid", "late"][rows % 3]},${(rows % 100_000) / 100},${day},city${rows % 300},"a note, number ${rows % 1000}"\n`;
    }
    written += block.length;
    if (!file.write(block)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
  return rows;
}

/** Resident memory of this process and all below it. */
function familyBytes(): number {
  const parents = new Map<number, { parent: number; bytes: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      const field = (pattern: RegExp) => Number(pattern.exec(status)?.[1] ?? 0);
      parents.set(Number(name), { parent: field(/PPid:\s+(\d+)/), bytes: field(/VmRSS:\s+(\d+)/) * 1024 });
    } catch {
      // It ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean => {
    for (let at = pid; at > 1; at = parents.get(at)?.parent ?? 0) if (at === process.pid) return true;
    return false;
  };
  return [...parents].reduce((sum, [pid, { bytes }]) => sum + (isOurs(pid) ? bytes : 0), 0);
}
