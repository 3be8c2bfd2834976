import type { AnalyzeJob, AnalyzeReply, JobFile, PreparedFile } from "../protocol.ts";
import { FieldTypes } from "../scan/field-types.ts";
import { prepareCsv } from "../scan/prepare-csv.ts";
import { copyPathOf } from "./prepare-scans.ts";
import type { Report } from "./report.ts";

const keptRejects = 100;

/** Reads text files whole: types that lose nothing, rows and rejects counted. */
export function analyzeScan(job: AnalyzeJob, report: Report): AnalyzeReply {
  const found: AnalyzeReply = { columns: [], rowCount: 0, rejectedCount: 0, rejects: [], prepared: [] };
  const types = job.scan.columns.map(() => new FieldTypes());
  let bytesBefore = 0;
  for (const [index, file] of job.scan.files.entries()) {
    let fileBytes = 0;
    const onProgress = (bytes: number) => {
      fileBytes = bytes;
      report.progress({ done: bytesBefore + bytes, message: "bytes read" });
    };
    analyzeCsv(job, file, index, types, onProgress, found);
    bytesBefore += fileBytes;
  }
  found.columns = job.scan.columns.map(({ name }, index) => ({
    name,
    type: types[index]?.type() ?? "VARCHAR",
  }));
  return found;
}

function analyzeCsv(
  { scan }: AnalyzeJob,
  { path, uri }: JobFile,
  index: number,
  types: FieldTypes[],
  onProgress: (bytes: number) => void,
  found: AnalyzeReply,
): void {
  if (!scan.dialect) throw new TypeError("A CSV scan has no dialect.");
  const { facts, prepared } = prepareCsv(path, {
    dialect: scan.dialect,
    columnCount: scan.columns.length,
    types,
    copyPath: copyPathOf(path),
    onProgress,
  });
  const entry: PreparedFile = { table: 0, file: index, text: prepared };
  found.prepared.push(entry);
  found.rowCount += facts.rowCount;
  found.rejectedCount += facts.rejects.count;
  const room = keptRejects - found.rejects.length;
  found.rejects.push(...facts.rejects.first.slice(0, room).map((reject) => ({ uri, ...reject })));
}
