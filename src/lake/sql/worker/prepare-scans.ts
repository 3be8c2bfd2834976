import type { JobFile, JobScan, PreparedFile } from "../protocol.ts";
import { JsonShape } from "../scan/json-shape.ts";
import { prepareCsv } from "../scan/prepare-csv.ts";
import { prepareLines } from "../scan/prepare-lines.ts";
import { prepareNdjson } from "../scan/prepare-ndjson.ts";
import type { PreparedText } from "../scan/prepared.ts";
import type { Report } from "./report.ts";

export interface PreparedScans {
  scans: JobScan[];
  /** What was found of files that nothing was known of. */
  prepared: PreparedFile[];
}

/** Scans the text files that were not scanned before, so that the engine can be told exactly how to read each. */
export function prepareScans(given: readonly JobScan[], report: Report): PreparedScans {
  const prepared: PreparedFile[] = [];
  const scans = given.map((scan, table) => {
    if (scan.format === "parquet") return scan;
    const files = scan.files.map((source, file) => {
      if (source.prepared || source.isConverted) return source;
      const text = prepareFile(scan, source, report);
      prepared.push({ table, file, text });
      return { ...source, prepared: text };
    });
    return { ...scan, files };
  });
  return { scans, prepared };
}

function prepareFile(scan: JobScan, { path, uri }: JobFile, report: Report): PreparedText {
  const copyPath = copyPathOf(path);
  const onProgress = (bytes: number) => report.progress({ done: bytes, message: `bytes of ${uri} read` });
  switch (scan.format) {
    case "csv":
      if (!scan.dialect) throw new TypeError("A CSV scan has no dialect.");
      return prepareCsv(path, {
        dialect: scan.dialect,
        columnCount: scan.columns.length,
        copyPath,
        onProgress,
      }).prepared;
    case "text":
      return prepareLines(path, copyPath);
    default:
      return prepareNdjson(path, copyPath, new JsonShape(), onProgress).prepared;
  }
}

/** A copy lies beside the link to its source, in the folder that names its partition. */
export function copyPathOf(path: string): string {
  return `${path}.copy`;
}
