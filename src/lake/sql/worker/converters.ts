import { closeSync, openSync } from "node:fs";
import type { TextForm } from "../engine.ts";
import type { ConvertReply } from "../protocol.ts";
import type { CsvRecords } from "../scan/csv-records.ts";
import { CsvScan } from "../scan/csv-scan.ts";
import { FieldTypes } from "../scan/field-types.ts";
import { JsonShape } from "../scan/json-shape.ts";
import { recordCopier } from "../scan/prepare-csv.ts";
import { checkNames, scanNdjson } from "../scan/prepare-ndjson.ts";
import { hasOneLineEnd } from "../scan/prepared.ts";
import type { RecordOutput } from "../scan/record-writer.ts";

/** Records that the engine is told to expect, unless the job says that longer ones come. */
export const usualRecordBytes = 1 << 20;
export const longestRecordBytes = 16 << 20;

/** How the engine's CSV reader takes good records as they are written for it. */
export interface EngineReading {
  columnCount: number;
  separator: string;
  quote: string;
  escape: string;
}

interface ScanHooks {
  /** Called with the size of each good record before it is written; may throw. */
  checkRecord(sizeBytes: number): void;
  onProgress(bytes: number): void;
}

/** One kind of text: how it is scanned, and how its good records are handed on. */
export interface Converter {
  reading: EngineReading;
  scan(path: string, output: RecordOutput, hooks: ScanHooks): ConvertReply;
}

export function converterOf(form: TextForm): Converter {
  return form.format === "csv" ? csvConverter(form) : ndjsonConverter;
}

function csvConverter({ dialect, columnCount }: Extract<TextForm, { format: "csv" }>): Converter {
  const { separator, quote, escape: sign } = dialect;
  return {
    reading: { columnCount, separator, quote, escape: sign },
    scan(path, writer, { checkRecord, onProgress }) {
      const types = Array.from({ length: columnCount }, () => new FieldTypes());
      const copy = recordCopier(writer, dialect);
      const onRecord = (bytes: Uint8Array, records: CsvRecords) => {
        checkRecord(records.next - (records.bounds[0] ?? 0));
        copy(bytes, records);
      };
      const fd = openSync(path, "r");
      try {
        const facts = new CsvScan(fd, { dialect, columnCount, types, onRecord, onProgress }).run();
        return {
          rowCount: facts.rowCount,
          rejectedCount: facts.rejects.count,
          rejects: facts.rejects.first,
          types: types.map((one) => one.state()),
          columns: [],
          hasMixedLineEnds: !hasOneLineEnd(facts.lineEnds),
        };
      } finally {
        closeSync(fd);
      }
    },
  };
}

/** A record is one line, which no sound JSON lets hold this control character. */
const ndjsonConverter: Converter = {
  reading: { columnCount: 1, separator: "\u0001", quote: "", escape: "" },
  scan(path, writer, hooks) {
    const shape = new JsonShape();
    const { rowCount, rejects } = scanNdjson(path, shape, writer, hooks);
    checkNames(shape);
    return {
      rowCount,
      rejectedCount: rejects.count,
      rejects: rejects.first,
      types: [],
      columns: shape.members.map(({ name, shape: member }) => ({ name, type: member.columnType() })),
      hasMixedLineEnds: false,
    };
  },
};
