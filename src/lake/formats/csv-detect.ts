import { ToolError } from "../../core/errors.ts";
import { toColumnNames } from "./column-names.ts";
import { type Fit, fitDialect } from "./csv-dialect.ts";
import { guessHeader } from "./csv-header.ts";
import type { Field } from "./csv-sample.ts";
import { lookOf } from "./csv-values.ts";
import type { CsvDialect, FormatHints } from "./format.ts";

export interface DetectedCsv {
  dialect: CsvDialect;
  columnNames: string[];
  notes: string[];
  /** How well the text fits a table. */
  fit: Pick<Fit, "width" | "consistency"> & { records: number; readsAsProse: boolean };
}

/** Text looked at, in characters. */
const sampleLength = 128 * 1024;
const maxPreambleLines = 20;

/**
 * How a CSV text is to be read, by its first characters. Lines that are blank or begin with `#`, a line `sep=;`,
 * and titles above the table count as `skipLines`. `preferred`: the separator the file's name speaks for.
 * Throws `invalid_input` for a separator no CSV can have.
 */
export function detectCsv(text: string, isCut: boolean, hints: FormatHints, preferred: string): DetectedCsv {
  const sample = text.slice(0, sampleLength);
  const cut = isCut || text.length > sampleLength;
  const hint = checkSeparator(hints.separator);
  const lead = leadLines(sample);
  const separator = hint ?? lead.declaredSeparator;
  const fit = fitDialect(lead.rest, cut, separator, preferred);
  const notes: string[] = [];
  const skipped = skipTitles(fit, lead);
  const skipLines = lead.count + skipped.lines;
  if (skipLines > 0) notes.push(skippedNote(skipLines, sample));
  const records = fit.sample.records
    .slice(skipped.records)
    .map((record) => record.map((field) => field.text));
  const hasHeader = headerOf(records, hints, notes);
  const width = hasHeader ? Math.max(records[0]?.length ?? 0, fit.width) : fit.width;
  const header = hasHeader ? (records[0] ?? []) : [];
  if (hasHeader && header.length < width) {
    notes.push(
      `the header names ${header.length} columns, most rows have ${width}: the rest are named by their place`,
    );
  }
  const { names, notes: nameNotes } = toColumnNames(
    Array.from({ length: width }, (_, index) => header[index] ?? ""),
  );
  if (fit.reading.quote === "") notes.push("quotes in the text do not pair up; no field is read as quoted");
  return {
    dialect: { ...fit.reading, hasHeader, skipLines },
    columnNames: names,
    notes: hasHeader ? [...notes, ...nameNotes] : notes,
    fit: {
      width: fit.width,
      consistency: fit.consistency,
      records: records.length,
      readsAsProse: readsAsProse(fit.sample.records.flat().filter((field) => !field.quoted)),
    },
  };
}

/** Sentences have a space behind their commas, and many words between them. */
function readsAsProse(fields: Field[]): boolean {
  const spaced = fields.filter(({ text }) => text.startsWith(" ")).length;
  const words = fields.reduce((count, { text }) => count + text.trim().split(/\s+/).length, 0);
  return spaced > 0.3 * fields.length || words > 3.5 * fields.length;
}

function checkSeparator(separator: string | undefined): string | undefined {
  if (separator === undefined) return undefined;
  const meant = separator === "\\t" ? "\t" : separator;
  if (meant.length >= 1 && meant.length <= 4 && !/[\r\n"]/.test(meant)) return meant;
  throw new ToolError(
    "invalid_input",
    `separator: ${JSON.stringify(separator.slice(0, 20))} cannot separate fields; give 1 to 4 characters, such as ";" or "\\t".`,
  );
}

interface Lead {
  /** Physical lines. */
  count: number;
  rest: string;
  /** By a first line `sep=;`, as Excel writes it. */
  declaredSeparator?: string;
}

/** Takes off blank and comment lines. A last `#` line that is as wide as what follows names the columns. */
function leadLines(text: string): Lead {
  const lead: Lead = { count: 0, rest: text };
  for (;;) {
    const line = /^[^\r\n]*(\r\n|\n|\r)/.exec(lead.rest)?.[0];
    if (line === undefined) return lead;
    const declared = /^"?sep=(.)"?\s*$/.exec(line)?.[1];
    const isComment = line.startsWith("#") && !isCommentedHeader(line, lead.rest.slice(line.length));
    if (line.trim() !== "" && !isComment && declared === undefined) return lead;
    if (declared !== undefined) lead.declaredSeparator = declared;
    lead.count += 1;
    lead.rest = lead.rest.slice(line.length);
  }
}

function isCommentedHeader(line: string, after: string): boolean {
  const next = /^[^\r\n]*/.exec(after)?.[0] ?? "";
  return [",", ";", "\t", "|"].some((separator) => {
    const width = line.split(separator).length;
    return width > 1 && !next.startsWith("#") && next.split(separator).length === width;
  });
}

/** Titles above a table: lines of one field, where the table has three or more columns. */
function skipTitles(fit: Fit, lead: Lead): { records: number; lines: number } {
  const { records } = fit.sample;
  const first = records.findIndex((record) => record.length > 1);
  const none = { records: 0, lines: 0 };
  const isTitled =
    first > 0 && first <= maxPreambleLines && fit.width >= 3 && records[first]?.length === fit.width;
  const titles = records.slice(0, first).map((record) => record[0]);
  if (!isTitled || titles.some((title) => !title || title.quoted || lookOf(title.text) !== "text"))
    return none;
  return { records: first, lines: linesBefore(lead.rest, first) };
}

function skippedNote(count: number, sample: string): string {
  const lines =
    count === 1 ? "1 line above the table was skipped" : `${count} lines above the table were skipped`;
  const shown = JSON.stringify(/^[^\r\n]*/.exec(sample)?.[0].slice(0, 60));
  return count === 1 ? `${lines}: ${shown}` : `${lines}, from ${shown} on`;
}

/** Physical lines before the one that holds the record of this index; blank lines hold none. */
function linesBefore(text: string, recordIndex: number): number {
  let seen = 0;
  return text.split(/\r\n|\n|\r/).findIndex((line) => line.trim() !== "" && seen++ === recordIndex);
}

function headerOf(records: string[][], hints: FormatHints, notes: string[]): boolean {
  if (hints.hasHeader !== undefined) return hints.hasHeader;
  if (records.length === 0) return false;
  const { hasHeader, isAssumed } = guessHeader(records);
  if (isAssumed) {
    notes.push(
      hasHeader
        ? "every column is text, so the first row was taken for the header; if it is data, say hasHeader: false"
        : "the first row was taken for data; if it is the header, say hasHeader: true",
    );
  } else if (!hasHeader) {
    notes.push("no header was found: columns are named by their place");
  }
  return hasHeader;
}
