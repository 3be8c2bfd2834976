import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createLake } from "../../src/lake/create-lake.ts";
import { familyBytes, writeBigCsv } from "./big-csv.ts";
import { lakeSettings } from "./lake-settings.ts";

/**
 * A process of its own that profiles a CSV file of `argv[3]` bytes, made below folder `argv[2]`, and prints as JSON
 * the profile's row count and the peak of memory of itself and its query workers. Linux only: reads /proc.
 */
const [folder = "", size = "0"] = process.argv.slice(2);
const root = join(folder, "root");
const path = join(root, "big.csv");
await mkdir(root, { recursive: true });
const rowCount = await writeBigCsv(path, Number(size));

let peakBytes = 0;
const timer = setInterval(() => {
  peakBytes = Math.max(peakBytes, familyBytes(process.pid));
}, 50);
const settings = lakeSettings({
  localRoots: [{ name: "root", path: root }],
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
});
const lake = createLake(settings);
const scope = { tenantId: "t", principalId: "p", signal: new AbortController().signal, progress() {} };
const request = { uri: path, columns: [], topValues: 5, histogramBins: 10, firstColumn: 0, maxColumns: 50 };
const profile = await lake.profile({ ...request, mode: "whole" }, scope);
clearInterval(timer);
await lake.close();
const { size: sizeBytes } = await stat(path);
console.log(JSON.stringify({ sizeBytes, rowCount, profiled: profile.profiledRows, peakBytes }));
