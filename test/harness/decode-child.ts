import { createReadStream, readFileSync } from "node:fs";
import { detectFormat } from "../../src/lake/formats/detect-format.ts";
import { readParquetFooter } from "../../src/lake/formats/parquet-footer.ts";
import { prepareText } from "../../src/lake/formats/prepare-text.ts";

/**
 * A process of its own that reads file `argv[3]` as `argv[2]` says (zstd, detect or footer) and prints as JSON the
 * code of the fault, and by how many bytes its memory was more at its peak than before. Linux only: reads /proc.
 */
const [kind, path = ""] = process.argv.slice(2);
const statusBytes = (field: string) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;

const bytes = kind === "zstd" ? Buffer.alloc(0) : readFileSync(path);
const work: Record<string, () => unknown> = {
  zstd: () =>
    prepareText(createReadStream(path), undefined, {
      compression: "zstd",
      encoding: "utf-8",
      maxDecompressedBytes: 64e6,
      maxLineBytes: 1e9,
      signal: new AbortController().signal,
    }),
  detect: () => detectFormat(bytes.subarray(0, 262_144), "a.csv", { isWhole: false }),
  footer: () => readParquetFooter(async (start, end) => bytes.subarray(start, end), bytes.length),
};
const beforeBytes = statusBytes("VmRSS");
let code: string | undefined;
try {
  await work[kind ?? ""]?.();
} catch (thrown) {
  code = (thrown as { code?: string }).code ?? String(thrown);
}
console.log(JSON.stringify({ code, grownBytes: statusBytes("VmHWM") - beforeBytes }));
