import { chmod } from "node:fs/promises";
import { type Head, type RecordFields, type SealedRecord, sealRecord } from "../record/record.ts";
import { type AppendFile, type OpenAppendFile, syncFolder } from "./append-file.ts";
import type { ChainEnd } from "./find-end.ts";
import { segmentPath } from "./segments.ts";

/** Appends to one chain that this process has claimed. */
export interface ChainWriter {
  readonly chain: string;
  readonly folder: string;
  /** The last record that is durable. */
  readonly head: Head;
  /**
   * Appends records with one write and one sync. Resolves when all are durable; when it throws, none of them counts,
   * and what was written of them is cut off before the next. Not to be called again before it settled.
   */
  write(records: readonly RecordFields[]): Promise<void>;
  close(): Promise<void>;
}

export interface ChainWriterOptions {
  chain: string;
  folder: string;
  end: ChainEnd;
  /** A file that has so many bytes is closed, and made read-only. So is one whose UTC day is over. */
  rotateBytes: number;
  openFile: OpenAppendFile;
  now(): number;
}

/** The chain's file lies in its folder no more: what is written to it would be lost. */
export class ChainGoneError extends Error {}

const checkEveryMs = 1_000;

export function createChainWriter(options: ChainWriterOptions): ChainWriter {
  return new SegmentedWriter(options);
}

class SegmentedWriter implements ChainWriter {
  readonly chain: string;
  readonly folder: string;
  readonly #options: ChainWriterOptions;
  #head: Head;
  /** UTC day of the last record. */
  #day: string;
  /** The file that is appended to; none where the next record begins one. */
  #path: string | undefined;
  /** Of the records that count. */
  #sizeBytes: number;
  #file: AppendFile | undefined;
  #checkedMs: number;

  constructor(options: ChainWriterOptions) {
    const { chain, folder, end, now } = options;
    this.chain = chain;
    this.folder = folder;
    this.#options = options;
    this.#head = end.head;
    this.#day = end.day;
    this.#path = end.segment?.path;
    this.#sizeBytes = end.wholeBytes;
    this.#checkedMs = now();
  }

  get head(): Head {
    return this.#head;
  }

  async write(records: readonly RecordFields[]): Promise<void> {
    const [first] = records;
    if (!first) return;
    const sealed = sealAll(this.chain, records, this.#head);
    const bytes = Buffer.from(sealed.map(({ line }) => `${line}\n`).join(""), "latin1");
    try {
      const file = await this.#fileFor(dayOf(first));
      await file.append(bytes);
    } catch (thrown) {
      // After a failed write a handle says nothing of what is on disk: the next write opens the file anew, and cuts it.
      await this.close().catch(() => {});
      throw thrown;
    }
    this.#sizeBytes += bytes.length;
    const { sequence, hash } = sealed.at(-1) ?? this.#head;
    this.#head = { sequence, hash };
    this.#day = dayOf(first);
  }

  async close(): Promise<void> {
    const closing = this.#file;
    this.#file = undefined;
    await closing?.close();
  }

  async #fileFor(day: string): Promise<AppendFile> {
    const isOver = this.#sizeBytes >= this.#options.rotateBytes || (this.#day !== "" && this.#day !== day);
    if (this.#path !== undefined && isOver && this.#sizeBytes > 0) await this.#finish(this.#path);
    await this.#checkThere();
    if (this.#file) return this.#file;
    if (this.#path === undefined) {
      this.#sizeBytes = 0;
      this.#path = segmentPath(this.folder, this.#head.sequence + 1);
    }
    this.#file = await this.#openCut(this.#path);
    await syncFolder(this.folder);
    return this.#file;
  }

  async #finish(path: string): Promise<void> {
    // What a failed write left behind the last record that counts must not end up in a closed file.
    if (!this.#file) this.#file = await this.#openCut(path);
    await this.close();
    await chmod(path, 0o400);
    this.#path = undefined;
  }

  async #checkThere(): Promise<void> {
    const nowMs = this.#options.now();
    if (!this.#file || nowMs - this.#checkedMs < checkEveryMs) return;
    this.#checkedMs = nowMs;
    if (!(await this.#file.isThere())) throw new ChainGoneError(`${this.#path} was deleted`);
  }

  async #openCut(path: string): Promise<AppendFile> {
    const file = await this.#options.openFile(path);
    try {
      await file.cut(this.#sizeBytes);
      return file;
    } catch (thrown) {
      await file.close().catch(() => {});
      throw thrown;
    }
  }
}

function sealAll(chain: string, records: readonly RecordFields[], head: Head): SealedRecord[] {
  let previous = head;
  return records.map((record) => {
    const sealed = sealRecord(chain, record, previous);
    previous = sealed;
    return sealed;
  });
}

function dayOf({ time }: RecordFields): string {
  return time.slice(0, 10);
}
