import { ToolError } from "../../../core/errors.ts";
import type { Column } from "../engine.ts";
import type { AnalyzeJob, AnalyzeReply, JobFile } from "../protocol.ts";
import { FieldTypes } from "../scan/field-types.ts";
import { JsonShape } from "../scan/json-shape.ts";
import { prepareCsv } from "../scan/prepare-csv.ts";
import { checkNames, prepareNdjson } from "../scan/prepare-ndjson.ts";
import type { PreparedText } from "../scan/prepared.ts";
import type { Rejects } from "../scan/rejects.ts";
import { copyPathOf } from "./prepare-scans.ts";
import type { Report } from "./report.ts";

const keptRejects = 100;

/** What one kind of file needs to be scanned, and the columns all its files together have. */
interface Analyzer {
  scan(
    file: JobFile,
    onProgress: (bytes: number) => void,
  ): { facts: { rowCount: number; rejects: Rejects }; prepared: PreparedText };
  columns(): Column[];
}

/** Reads text files whole: types that lose nothing, rows and rejects counted. Throws `unsupported`. */
export function analyzeScan(job: AnalyzeJob, report: Report): AnalyzeReply {
  const analyzer = job.scan.format === "csv" ? csvAnalyzer(job) : ndjsonAnalyzer();
  const found: AnalyzeReply = { columns: [], rowCount: 0, rejectedCount: 0, rejects: [], prepared: [] };
  let bytesBefore = 0;
  for (const [index, file] of job.scan.files.entries()) {
    let fileBytes = 0;
    const { facts, prepared } = analyzer.scan(file, (bytes) => {
      fileBytes = bytes;
      report.progress({ done: bytesBefore + bytes, message: "bytes read" });
    });
    bytesBefore += fileBytes;
    found.prepared.push({ table: 0, file: index, text: prepared });
    found.rowCount += facts.rowCount;
    found.rejectedCount += facts.rejects.count;
    const room = keptRejects - found.rejects.length;
    found.rejects.push(...facts.rejects.first.slice(0, room).map((reject) => ({ uri: file.uri, ...reject })));
  }
  found.columns = analyzer.columns();
  return found;
}

function csvAnalyzer({ scan }: AnalyzeJob): Analyzer {
  const { dialect, columns } = scan;
  if (!dialect) throw new TypeError("A CSV scan has no dialect.");
  if (columns.length === 0) throw new ToolError("invalid_input", "The CSV file has no columns.");
  const types = columns.map(() => new FieldTypes());
  const columnCount = columns.length;
  return {
    scan: ({ path }, onProgress) =>
      prepareCsv(path, { dialect, columnCount, types, copyPath: copyPathOf(path), onProgress }),
    columns: () => columns.map(({ name }, index) => ({ name, type: types[index]?.type() ?? "VARCHAR" })),
  };
}

function ndjsonAnalyzer(): Analyzer {
  const shape = new JsonShape();
  return {
    scan: ({ path }, onProgress) => prepareNdjson(path, copyPathOf(path), shape, onProgress),
    columns: () => {
      checkNames(shape);
      return shape.members.map(({ name, shape: member }) => ({ name, type: member.columnType() }));
    },
  };
}
