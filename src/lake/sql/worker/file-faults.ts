import type { ErrorCode } from "../../../core/errors.ts";
import { quoteName } from "../../location-names.ts";
import type { Job, JobScan } from "../protocol.ts";

/** What is wrong with a file, in words for callers, and which it is, where that is known. */
export interface FileFault {
  code: ErrorCode;
  message: string;
  details: { uri?: string };
}

/** What the engine says of files that are not as the format has them, and what that means. */
const damages: readonly (readonly [RegExp, string])[] = [
  [/decompress/i, "a page of it cannot be decompressed"],
  [
    /Invalid (string|JSON|decimal) encoding|Invalid JSON found/,
    "a value in it is not what its column is to hold",
  ],
  [
    /metadata is corrupt|Parquet schema|Failed to read Parquet file|Root element|non-root|TProtocolException/,
    "its footer does not fit the file",
  ],
  [/dictionary/i, "a dictionary of its values is missing or does not fit"],
  [
    /Out of buffer|don't know what type|Negative size|Exceeded size|Variable-length int|TTransportException|\bpage|header inconsistency|bitpack|LEB128|RLE|Mismatch in parquet read|corrupt/i,
    "a page of it is not what its header says",
  ],
];

/** Of what a sound file may have, too. */
const isBeyondEngine =
  /Unsupported (compression codec|page encoding)|no references|encrypt|encoding is only supported|Unimplemented/i;

/**
 * The fault of a Parquet file that ended a job, by the engine's words. Undefined for what is none, or may be the statement's.
 */
export function parquetFault(text: string, job: Job): FileFault | undefined {
  const files = parquetFiles(job);
  if (files.length === 0) return undefined;
  const named = files.filter(({ path }) => text.includes(path));
  const isOfFile = /^(Invalid|IO|Serialization) Error/i.test(text) || /^\w*(TProtocol|TTransport)/.test(text);
  if (!isOfFile && !(/^Invalid Input Error/.test(text) && (named.length > 0 || /parquet/i.test(text)))) {
    return undefined;
  }
  const one = (named.length > 0 ? named : files.length === 1 ? files : [])[0];
  const name = one ? quoteName(one.uri) : `One of the ${files.length} Parquet files`;
  const details = one ? { uri: one.uri } : {};
  if (/No magic bytes found|too small to be a Parquet file/.test(text)) {
    const message = `${name} is not a Parquet file: it does not end as one does. It is cut short or damaged; write it anew.`;
    return { code: "invalid_input", message, details };
  }
  const what = damages.find(([pattern]) => pattern.test(text))?.[1];
  if (isBeyondEngine.test(text) || (what === undefined && /^Invalid Error/.test(text))) {
    const said = diagnosis(text);
    const message = `${name} cannot be read: it is damaged, or has something in it that the engine does not read ("${said}"). Write it anew with another encoding or codec.`;
    return { code: "unsupported", message, details };
  }
  if (what === undefined) return undefined;
  const message = `${name} is ${one ? "a damaged Parquet file" : "damaged"}: ${what}. Write it anew, or leave it out.`;
  return { code: "invalid_input", message, details };
}

function parquetFiles(job: Job) {
  const scans: JobScan[] =
    job.kind === "run" ? job.tables.map(({ scan }) => scan) : job.kind === "analyze" ? [job.scan] : [];
  return scans.flatMap(({ format, files }) => (format === "parquet" ? files : []));
}

/** The engine's words without what stands before them, which is its own, or the file's name on this machine. */
function diagnosis(text: string): string {
  const [head = ""] = text.split("\n");
  return head
    .replace(/^.*?Error: /, "")
    .replace(/^Failed to read file "[^"]*": /, "")
    .slice(0, 200);
}
