import { closeSync, openSync } from "node:fs";
import type { CsvDialect } from "../../formats/format.ts";
import type { CsvRecords } from "./csv-records.ts";
import { type CsvFacts, CsvScan } from "./csv-scan.ts";
import type { FieldTypes } from "./field-types.ts";
import { hasOneLineEnd, type PreparedText } from "./prepared.ts";
import { type RecordOutput, RecordWriter } from "./record-writer.ts";

export interface CsvPreparation {
  dialect: CsvDialect;
  columnCount: number;
  types?: readonly FieldTypes[] | undefined;
  /** Where a copy goes, should one be needed. */
  copyPath: string;
  onProgress?: ((bytes: number) => void) | undefined;
}

/**
 * Scans a CSV file and, unless the engine would read it just as the scan did, writes its good records to
 * `copyPath`: same dialect, no header, LF line ends.
 */
export function prepareCsv(path: string, how: CsvPreparation): { facts: CsvFacts; prepared: PreparedText } {
  const facts = scanFile(path, how);
  const isPlain = !facts.hasOddRecord && how.dialect.skipLines === 0 && hasOneLineEnd(facts.lineEnds);
  const described = {
    // A copy may have quotes of its own.
    isSplittable: !facts.hasQuotes && !facts.hasOddRecord,
    longestRecordBytes: facts.longestRecordBytes,
    quotedEmpties: [...facts.quotedEmpties].sort((a, b) => a - b),
  };
  if (isPlain && facts.rejects.count === 0) {
    return {
      facts,
      prepared: {
        path,
        isCopy: false,
        hasHeader: how.dialect.hasHeader,
        hasLineFeeds: facts.lineEnds <= 1,
        ...described,
      },
    };
  }
  writeCopy(path, how);
  return {
    facts,
    prepared: { path: how.copyPath, isCopy: true, hasHeader: false, hasLineFeeds: true, ...described },
  };
}

function scanFile(path: string, { dialect, columnCount, types, onProgress }: CsvPreparation): CsvFacts {
  const fd = openSync(path, "r");
  try {
    return new CsvScan(fd, { dialect, columnCount, types, onProgress }).run();
  } finally {
    closeSync(fd);
  }
}

function writeCopy(path: string, { dialect, columnCount, copyPath }: CsvPreparation): void {
  const fd = openSync(path, "r");
  const writer = new RecordWriter(copyPath);
  const onRecord = recordCopier(writer, dialect);
  // The engine drops a byte order mark at the start of a file: this one instead of the first record's own.
  writer.text("\ufeff");
  try {
    new CsvScan(fd, { dialect, columnCount, onRecord, keepRejects: 0 }).run();
  } finally {
    closeSync(fd);
    writer.close();
  }
}

/** Writes good records so that the engine reads them just as the scan did: same dialect, no header, LF line ends. */
export function recordCopier(writer: RecordOutput, dialect: CsvDialect) {
  return (bytes: Uint8Array, records: CsvRecords): void =>
    records.isOdd ? writeAnew(writer, bytes, records, dialect) : writeAsIs(writer, bytes, records);
}

function writeAsIs(
  writer: RecordOutput,
  bytes: Uint8Array,
  { bounds, quoted, fieldCount }: CsvRecords,
): void {
  const last = fieldCount - 1;
  const start = (bounds[0] ?? 0) - (quoted[0] ? 1 : 0);
  const end = (bounds[last * 2 + 1] ?? 0) + (quoted[last] ? 1 : 0);
  writer.write(bytes, start, end);
  writer.text("\n");
}

/** Quotes every field that is not empty, so that nothing in it can be taken for syntax. */
function writeAnew(writer: RecordOutput, bytes: Uint8Array, records: CsvRecords, dialect: CsvDialect): void {
  for (let field = 0; field < records.fieldCount; field++) {
    if (field > 0) writer.text(dialect.separator);
    const value = fieldText(bytes, records, field, dialect);
    if (value !== "" || records.quoted[field]) writer.text(quote(value, dialect));
  }
  writer.text("\n");
}

function quote(value: string, dialect: CsvDialect): string {
  if (dialect.quote === "") return value;
  const sign = dialect.escape === "" ? dialect.quote : dialect.escape;
  const escaped = value
    .replaceAll(sign, sign + sign)
    .replaceAll(dialect.quote, (found) => (dialect.quote === sign ? found : sign + found));
  return dialect.quote + escaped + dialect.quote;
}

/** A field's value, its escapes undone. */
export function fieldText(
  bytes: Uint8Array,
  records: CsvRecords,
  field: number,
  { quote: mark, escape: ownSign }: CsvDialect,
): string {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    "utf8",
    records.bounds[field * 2],
    records.bounds[field * 2 + 1],
  );
  if (!records.escaped[field]) return raw;
  const sign = ownSign === "" ? mark : ownSign;
  if (sign === mark) return raw.replaceAll(mark + mark, mark);
  let text = "";
  for (let at = 0; at < raw.length; at++) {
    const isEscape = raw[at] === sign && (raw[at + 1] === mark || raw[at + 1] === sign);
    text += raw[isEscape ? ++at : at];
  }
  return text;
}
