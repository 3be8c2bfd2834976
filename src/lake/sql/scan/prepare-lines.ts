import { isUtf8 } from "node:buffer";
import { closeSync, openSync } from "node:fs";
import { ToolError } from "../../../core/errors.ts";
import { ByteWindow } from "./byte-window.ts";
import type { PreparedText } from "./prepared.ts";
import { RecordWriter } from "./record-writer.ts";

const lf = 10;
const cr = 13;
const windowBytes = 1 << 20;
/** A longer line is more than the engine's reader takes. */
const maxLineBytes = 64 << 20;

/**
 * Control characters (ASCII 1–8, 14–31) that hardly any text holds. One that the file does not hold becomes
 * its column separator, so that a line is one column whatever it says.
 */
const separators = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, ...Array.from({ length: 18 }, (_, at) => at + 14)]);

/**
 * Finds how the engine reads a text file line by line. Lines end with LF or CRLF, else every line that has a
 * carriage return keeps it; such mixtures are copied to `copyPath` with the returns doubled by JSON's escapes.
 * Throws `unsupported` for bytes that are not UTF-8 and `too_large` for a line of more than 64 MiB.
 */
export function prepareLines(path: string, copyPath: string): PreparedText {
  const facts = scanLines(path);
  const separator = separators.find((byte) => !facts.controls[byte]);
  const { longestRecordBytes } = facts;
  const described = { hasHeader: false, isSplittable: true, longestRecordBytes };
  if (separator !== undefined && facts.isPlain) {
    const at = String.fromCharCode(separator);
    return { path, isCopy: false, separator: at, hasLineFeeds: facts.returns === 0, ...described };
  }
  copyAsJson(path, copyPath);
  return {
    path: copyPath,
    isCopy: true,
    hasLineFeeds: true,
    ...described,
    longestRecordBytes: longestRecordBytes * 6,
  };
}

interface LineFacts {
  controls: boolean[];
  /** One kind of line end only. */
  isPlain: boolean;
  returns: number;
  longestRecordBytes: number;
}

function scanLines(path: string): LineFacts {
  const controls: boolean[] = [];
  let feeds = 0;
  let returns = 0;
  let pairs = 0;
  let longestRecordBytes = 0;
  eachLine(path, (bytes, start, end, hasFeed) => {
    if (end - start > longestRecordBytes) longestRecordBytes = end - start;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < 32) {
        if (byte === cr) returns++;
        controls[byte] = true;
      }
    }
    if (hasFeed) feeds++;
    if (hasFeed && end > start && bytes[end - 1] === cr) pairs++;
  });
  const isPlain = returns === 0 || (returns === pairs && pairs === feeds);
  return { controls, isPlain, returns, longestRecordBytes };
}

function copyAsJson(path: string, copyPath: string): void {
  const writer = new RecordWriter(copyPath);
  try {
    eachLine(path, (bytes, start, end, hasFeed) => {
      const stop = hasFeed && end > start && bytes[end - 1] === cr ? end - 1 : end;
      writer.text(`{"line":${JSON.stringify(bytes.toString("utf8", start, stop))}}\n`);
    });
  } finally {
    writer.close();
  }
}

/** Calls `onLine` for each line, with its bounds without the line feed. */
function eachLine(
  path: string,
  onLine: (bytes: Buffer, start: number, end: number, hasFeed: boolean) => void,
): void {
  const fd = openSync(path, "r");
  let line = 0;
  try {
    const window = new ByteWindow(fd, windowBytes);
    window.fill();
    if (window.end >= 3 && window.bytes.readUIntBE(0, 3) === 0xefbbbf) window.pos = 3;
    while (window.pos < window.end || !window.atEof) {
      const feed = window.bytes.subarray(0, window.end).indexOf(lf, window.pos);
      if (feed < 0 && !window.atEof) {
        checkLength(window.end - window.pos, line + 1);
        window.fill();
        continue;
      }
      const end = feed < 0 ? window.end : feed;
      line++;
      if (!isUtf8(window.bytes.subarray(window.pos, end))) throw notUtf8(line);
      onLine(window.bytes, window.pos, end, feed >= 0);
      window.pos = feed < 0 ? window.end : feed + 1;
    }
  } finally {
    closeSync(fd);
  }
}

function checkLength(sizeBytes: number, line: number): void {
  if (sizeBytes <= maxLineBytes) return;
  throw new ToolError("too_large", `Line ${line} is longer than ${maxLineBytes} bytes.`);
}

function notUtf8(line: number): ToolError {
  return new ToolError("unsupported", `Line ${line} is not valid UTF-8. Give the file's encoding.`);
}
