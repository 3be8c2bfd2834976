import { isUtf8 } from "node:buffer";
import { closeSync, openSync } from "node:fs";
import { ToolError } from "../../../core/errors.ts";
import { ByteWindow } from "./byte-window.ts";
import { JsonFault, JsonReader } from "./json-reader.ts";
import { JsonShape } from "./json-shape.ts";
import type { PreparedText } from "./prepared.ts";
import { type RecordOutput, RecordWriter } from "./record-writer.ts";
import { Rejects } from "./rejects.ts";

/** What a pass over one NDJSON file found. Rows and rejects together are all its lines but blank ones. */
export interface NdjsonFacts {
  rowCount: number;
  rejects: Rejects;
  longestRecordBytes: number;
  /** A number that the engine would read as another. */
  hasInexactNumber: boolean;
}

const windowBytes = 1 << 20;
const maxRecordBytes = 16 << 20;

/**
 * Scans an NDJSON file, noting types in `shape`. Unless every line is one sound object that the engine reads
 * exactly, its good lines are written to `copyPath`, inexact numbers as strings of their digits.
 */
export function prepareNdjson(
  path: string,
  copyPath: string,
  shape: JsonShape,
  onProgress?: (bytes: number) => void,
): { facts: NdjsonFacts; prepared: PreparedText } {
  const facts = scanNdjson(path, shape, undefined, { onProgress });
  const described = { hasHeader: false, hasLineFeeds: true, isSplittable: true };
  const { longestRecordBytes } = facts;
  if (facts.rejects.count === 0 && !facts.hasInexactNumber) {
    return { facts, prepared: { path, isCopy: false, longestRecordBytes, ...described } };
  }
  const writer = new RecordWriter(copyPath);
  try {
    scanNdjson(path, new JsonShape(), writer, { onProgress });
  } finally {
    writer.close();
  }
  const grownBytes = longestRecordBytes * 2;
  return { facts, prepared: { path: copyPath, isCopy: true, longestRecordBytes: grownBytes, ...described } };
}

/** Refuses names the engine cannot write. Throws `unsupported`. */
export function checkNames({ members }: JsonShape): void {
  if (!members.some(({ name }) => name.includes("\0"))) return;
  throw new ToolError("unsupported", "The JSON has a member whose name holds a NUL character.");
}

/** What is told on the way. */
export interface NdjsonHooks {
  onProgress?: ((bytes: number) => void) | undefined;
  /** The size of each good record, before it is written. What it throws ends the scan. */
  checkRecord?: ((sizeBytes: number) => void) | undefined;
}

/** One pass: types into `shape`, and good lines to the `writer`, inexact numbers as strings of their digits. */
export function scanNdjson(
  path: string,
  shape: JsonShape,
  writer: RecordOutput | undefined,
  hooks: NdjsonHooks,
): NdjsonFacts {
  const fd = openSync(path, "r");
  try {
    return new NdjsonScan(fd, shape, writer, hooks).run();
  } finally {
    closeSync(fd);
  }
}

class NdjsonScan {
  private readonly facts: NdjsonFacts;
  private readonly window: ByteWindow;
  private readonly reader = new JsonReader();
  private readonly shape: JsonShape;
  private readonly writer: RecordOutput | undefined;
  private readonly hooks: NdjsonHooks;
  private line = 0;
  private bytesDone = 0;

  constructor(fd: number, shape: JsonShape, writer: RecordOutput | undefined, hooks: NdjsonHooks) {
    this.window = new ByteWindow(fd, windowBytes);
    this.shape = shape;
    this.writer = writer;
    this.hooks = hooks;
    this.facts = { rowCount: 0, rejects: new Rejects(100), longestRecordBytes: 0, hasInexactNumber: false };
  }

  run(): NdjsonFacts {
    const { window } = this;
    this.fill();
    if (window.end >= 3 && window.bytes.readUIntBE(0, 3) === 0xefbbbf) window.pos = 3;
    let isOverlong = false;
    while (window.pos < window.end || !window.atEof) {
      const feed = window.bytes.subarray(0, window.end).indexOf(10, window.pos);
      if (feed < 0 && !window.atEof) {
        if (window.end - window.pos > maxRecordBytes) isOverlong = this.skipOverlong(isOverlong);
        this.fill();
        continue;
      }
      const end = feed < 0 ? window.end : feed;
      if (!isOverlong) this.readLine(end);
      isOverlong = false;
      window.pos = feed < 0 ? window.end : feed + 1;
    }
    return this.facts;
  }

  /** Drops what is at hand of a line that is too long, which is rejected once. */
  private skipOverlong(wasOverlong: boolean): true {
    const { window } = this;
    if (!wasOverlong) {
      this.line++;
      const reason = `longer than ${maxRecordBytes} bytes`;
      this.facts.rejects.add(this.line, reason, window.bytes, window.pos, window.end);
    }
    window.pos = window.end;
    return true;
  }

  private readLine(end: number): void {
    const { window, facts } = this;
    const { bytes, pos } = window;
    this.line++;
    if (isBlank(bytes, pos, end)) return;
    const fault = this.faultOf(pos, end);
    if (fault !== undefined) {
      facts.rejects.add(this.line, fault, bytes, pos, end);
      return;
    }
    this.hooks.checkRecord?.(end - pos);
    facts.rowCount++;
    if (end - pos > facts.longestRecordBytes) facts.longestRecordBytes = end - pos;
    if (this.reader.inexact.length > 0) facts.hasInexactNumber = true;
    if (this.writer) this.copy(this.writer, pos, end);
  }

  private faultOf(start: number, end: number): string | undefined {
    const { bytes } = this.window;
    if (!isUtf8(bytes.subarray(start, end))) return "not valid UTF-8";
    try {
      this.reader.readObject(bytes, start, end, this.shape);
      return undefined;
    } catch (thrown) {
      if (thrown instanceof JsonFault) return thrown.message;
      throw thrown;
    }
  }

  private copy(writer: RecordOutput, start: number, end: number): void {
    const { bytes } = this.window;
    const { inexact } = this.reader;
    let from = start;
    for (let pair = 0; pair < inexact.length; pair += 2) {
      const [numberStart = 0, numberEnd = 0] = inexact.slice(pair, pair + 2);
      writer.write(bytes, from, numberStart);
      writer.text(`"${bytes.toString("latin1", numberStart, numberEnd)}"`);
      from = numberEnd;
    }
    writer.write(bytes, from, end);
    writer.text("\n");
  }

  private fill(): void {
    this.bytesDone += this.window.pos;
    this.window.fill();
    this.hooks.onProgress?.(this.bytesDone + this.window.end);
  }
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== 32 && byte !== 9 && byte !== 13) return false;
  }
  return true;
}
