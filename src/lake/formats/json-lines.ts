import { JsonDocumentReader } from "./json-document.ts";
import { RecordSink } from "./json-records.ts";
import { JsonScanner } from "./json-scanner.ts";
import { NdjsonReader } from "./ndjson.ts";
import type { Output } from "./output.ts";
import {
  defaultMaxDepth,
  defaultMaxRecordBytes,
  type PreparedJson,
  type PrepareJsonOptions,
} from "./prepare-json.ts";
import { utf8Chunks } from "./source.ts";

/** What is known once all lines are taken. */
export type JsonFound = Pick<PreparedJson, "rejectedCount" | "rejects" | "notes">;

/** What `prepareJson` writes, as a stream: `onEnd` is told what was found, after the last line. Throws as it does. */
export async function* jsonLines(
  stored: AsyncIterable<Uint8Array>,
  options: PrepareJsonOptions,
  onEnd: (found: JsonFound) => void,
): AsyncGenerator<Uint8Array> {
  const { format, maxDepth = defaultMaxDepth, maxRecordBytes = defaultMaxRecordBytes } = options;
  const held = heldOutput();
  const sink = new RecordSink(held);
  const Reader = format === "ndjson" ? NdjsonReader : JsonDocumentReader;
  const reader = new Reader(new JsonScanner(maxDepth), sink, maxRecordBytes);
  const invalidUtf8 = format === "ndjson" ? "keep" : "refuse";
  for await (const chunk of utf8Chunks(stored, { ...options, invalidUtf8 }, { hadByteOrderMark: false })) {
    reader.push(chunk);
    await sink.flush();
    yield* held.take();
  }
  reader.end();
  await sink.flush();
  yield* held.take();
  onEnd({ rejectedCount: sink.rejectedCount, rejects: sink.rejects, notes: sink.notes() });
}

/** Holds what is written until it is taken, and copies it: whoever writes may use its bytes again. */
function heldOutput(): Output & { take(): Uint8Array[] } {
  let held: Uint8Array[] = [];
  let sizeBytes = 0;
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    async write(bytes) {
      sizeBytes += bytes.length;
      held.push(Uint8Array.from(bytes));
    },
    take() {
      const taken = held;
      held = [];
      return taken;
    },
    async finish() {},
    async abandon() {},
  };
}
