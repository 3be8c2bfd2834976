import { JsonDocumentReader } from "./json-document.ts";
import { RecordSink, type Reject } from "./json-records.ts";
import { JsonScanner } from "./json-scanner.ts";
import { NdjsonReader } from "./ndjson.ts";
import { openOutput } from "./output.ts";
import { type TextSource, utf8Chunks } from "./source.ts";

export interface PrepareJsonOptions extends TextSource {
  /** `json`: an array of records, or values one after the other. `ndjson`: one record a line. */
  format: "json" | "ndjson";
  /** Levels of arrays and objects in one record; 100 unless told otherwise. */
  maxDepth?: number;
  /** Bytes of one record; 16 MiB unless told otherwise. */
  maxRecordBytes?: number;
}

/** Facts of prepared JSON. Plain JSON themselves. */
export interface PreparedJson {
  /** Of the NDJSON written. */
  sizeBytes: number;
  /** Records written. With `rejectedCount` it makes the records of the file. */
  records: number;
  rejectedCount: number;
  /** The first 100. */
  rejects: Reject[];
  /** Whether a query worker may open the stored file as it is: NDJSON in plain UTF-8 that needed no change. */
  readableInPlace: boolean;
  notes: string[];
}

export const defaultMaxRecordBytes = 16 * 1024 * 1024;
export const defaultMaxDepth = 100;

/**
 * Writes the records at `path` as NDJSON in plain UTF-8, one object a line; records that are no objects as
 * `{"value": …}`. Values stay exact: numbers that neither 64-bit integers nor doubles hold are written as
 * strings, and said in `notes`. With no path it only checks and tells.
 *
 * A bad line of NDJSON (torn, malformed, a key twice, half a surrogate pair, bytes that are no UTF-8, too deep, too long) is a reject. In
 * a document all but records of another kind is an error: `invalid_input` with line, column and record, or
 * `too_large`. Throws as `prepareText` does for the bytes themselves; what is at `path` then is not whole.
 */
export async function prepareJson(
  stored: AsyncIterable<Uint8Array>,
  path: string | undefined,
  options: PrepareJsonOptions,
): Promise<PreparedJson> {
  const { format, maxDepth = defaultMaxDepth, maxRecordBytes = defaultMaxRecordBytes } = options;
  const facts = { hadByteOrderMark: false };
  const invalidUtf8 = format === "ndjson" ? "keep" : "refuse";
  const output = await openOutput(path);
  const sink = new RecordSink(output);
  const Reader = format === "ndjson" ? NdjsonReader : JsonDocumentReader;
  const reader = new Reader(new JsonScanner(maxDepth), sink, maxRecordBytes);
  try {
    for await (const chunk of utf8Chunks(stored, { ...options, invalidUtf8 }, facts)) {
      reader.push(chunk);
      await sink.flush();
    }
    reader.end();
    await sink.flush();
  } catch (thrown) {
    await output.abandon();
    throw thrown;
  }
  await output.finish();
  const isPlain = options.compression === "none" && options.encoding === "utf-8" && !facts.hadByteOrderMark;
  return {
    sizeBytes: output.sizeBytes,
    records: sink.records,
    rejectedCount: sink.rejectedCount,
    rejects: sink.rejects,
    readableInPlace: isPlain && format === "ndjson" && !sink.hasChanged,
    notes: sink.notes(),
  };
}
