import { dirname, join } from "node:path";
import { countBuffersInHeapLimit } from "../../src/config/platform.ts";
import { createLake } from "../../src/lake/create-lake.ts";
import { familyBytes } from "./big-csv.ts";
import { lakeSettings } from "./lake-settings.ts";

/**
 * A process of its own that profiles the CSV file `argv[2]` as servers do, with a cache in folder `argv[3]`, and prints as
 * JSON the rows it looked at and the peak of memory of itself and its query workers. Whoever writes the file is another
 * process: what that leaves in its heap is none of the engine's. Linux only: reads /proc.
 */
const [path = "", folder = ""] = process.argv.slice(2);
countBuffersInHeapLimit();

let peakBytes = 0;
const timer = setInterval(() => {
  peakBytes = Math.max(peakBytes, familyBytes(process.pid));
}, 50);
const settings = lakeSettings({
  localRoots: [{ name: "root", path: dirname(path) }],
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
console.log(JSON.stringify({ profiled: profile.profiledRows, peakBytes }));
