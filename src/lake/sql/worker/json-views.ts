import type { Column } from "../engine.ts";
import type { JobFile, JobScan } from "../protocol.ts";
import type { PreparedText } from "../scan/prepared.ts";
import { wholeRecord } from "../whole-record.ts";
import { identifier, list, literal } from "./quoting.ts";

/** A file that is ready to be read: text files have been scanned. */
export interface ReadyFile extends JobFile {
  prepared?: PreparedText | undefined;
}

/** The SELECT of JSON records. */
export function ndjsonSelect(
  scan: JobScan,
  files: readonly ReadyFile[],
  partition: string,
  hive: string,
): string {
  if (files[0]?.isConverted) return convertedSelect(scan, files, partition, hive);
  if (scan.columns.length === 0) return recordsSelect(files, partition, hive);
  if (scan.members) {
    return membersSelect(scan, identifier(wholeRecord.name), partition, recordsReader(files, hive));
  }
  const columns = scan.columns.map(({ name, type }) => `${literal(name)}: ${literal(readAs(type))}`);
  const values = scan.columns.map(({ name, type }) =>
    readAs(type) === type ? identifier(name) : `CAST(${identifier(name)} AS ${type}) AS ${identifier(name)}`,
  );
  return `SELECT ${values.join(", ")}${partition} FROM ${readJson(files, `{${columns.join(", ")}}`)}${hive})`;
}

/** Records that are there as their text, in `c0`. */
function convertedSelect(
  scan: JobScan,
  files: readonly ReadyFile[],
  partition: string,
  hive: string,
): string {
  const reader = `read_parquet(${paths(files)}${hive})`;
  if (scan.columns.length === 0) {
    const { name, type } = wholeRecord;
    return `SELECT ${partition === "" ? `c0::${type} AS ${identifier(name)}` : partition.slice(2)} FROM ${reader}`;
  }
  return membersSelect(scan, "c0", partition, reader);
}

/** The engine takes the text of records apart as its JSON reader does. */
function membersSelect(scan: JobScan, text: string, partition: string, reader: string): string {
  const { columns, members = [] } = scan;
  const isRenamed = ({ name }: Column, at: number) => (members[at] ?? name) !== name;
  const structure = columns.flatMap((column, at) =>
    isRenamed(column, at) ? [] : [[column.name, readAs(column.type)]],
  );
  const values = columns.map((column, at) => {
    const { name, type } = column;
    const value = isRenamed(column, at)
      ? renamedMember(text, members[at] ?? "", readAs(type))
      : `record[${literal(name)}]`;
    return `${readAs(type) === type ? value : `CAST(${value} AS ${type})`} AS ${identifier(name)}`;
  });
  const record =
    structure.length === 0 ? "" : `, ${transformed(text, Object.fromEntries(structure))} AS record`;
  return `SELECT ${values.join(", ")}${partition} FROM (SELECT *${record} FROM ${reader})`;
}

/** Taken apart alone: in a structure the engine does not tell it from another. One without a name has a number only. */
function renamedMember(text: string, member: string, type: string): string {
  return `(${transformed(text, Object.fromEntries([[member, type]]))})[${member === "" ? "1" : literal(member)}]`;
}

function transformed(text: string, structure: Record<string, unknown>): string {
  return `json_transform(${text}, ${literal(JSON.stringify(structure))})`;
}

/** Records without one named value are rows all the same: each as it stands, where no folder's value shows it. */
function recordsSelect(files: readonly ReadyFile[], partition: string, hive: string): string {
  const selected = partition === "" ? identifier(wholeRecord.name) : partition.slice(2);
  return `SELECT ${selected} FROM ${recordsReader(files, hive)}`;
}

function recordsReader(files: readonly ReadyFile[], hive: string): string {
  const { name, type } = wholeRecord;
  return `${readJson(files, `{${literal(name)}: ${literal(type)}}`)}, records = false${hive})`;
}

/**
 * What the engine's JSON reader is asked for. It sends decimals through doubles and reads times by rules of its
 * own, so those come as text, exact, and are cast.
 */
function readAs(type: string): string {
  return /^(DECIMAL|HUGEINT|DATE|TIMESTAMP)/.test(type) ? "VARCHAR" : type;
}

/** A call of the engine's JSON reader, for more options to follow, without its closing parenthesis. */
export function readJson(files: readonly ReadyFile[], columns: string): string {
  const longestBytes = Math.max(0, ...files.map(({ prepared }) => prepared?.longestRecordBytes ?? 0));
  return `read_json(${paths(files)}, format = 'newline_delimited', auto_detect = false, columns = ${columns},
    maximum_object_size = ${Math.max(1 << 20, longestBytes + 1024)}`;
}

export function paths(files: readonly ReadyFile[]): string {
  return list(files.map(({ path, prepared }) => literal(prepared?.path ?? path)));
}
