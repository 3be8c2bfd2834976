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
  write(records: readonly RecordFields[]): Promise<readonly SealedRecord[]>;
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
  const { chain, folder, end, rotateBytes, openFile, now } = options;
  let { head, day } = end;
  let path = end.segment?.path;
  let sizeBytes = end.wholeBytes;
  let file: AppendFile | undefined;
  let checkedMs = now();

  async function closeFile(): Promise<void> {
    const closing = file;
    file = undefined;
    await closing?.close();
  }

  /** A file that a write failed on is opened anew: after a failed sync its handle says nothing of what is on disk. */
  async function fileFor(next: RecordFields): Promise<AppendFile> {
    const isOver = sizeBytes >= rotateBytes || (day !== "" && day !== dayOf(next));
    if (path !== undefined && isOver && sizeBytes > 0) {
      // What a failed write left behind the last record that counts must not end up in a closed file.
      if (!file) await (await openCut(path)).close();
      await closeFile();
      await chmod(path, 0o400);
      path = undefined;
    }
    if (file && now() - checkedMs > checkEveryMs) {
      checkedMs = now();
      if (!(await file.isThere())) throw new ChainGoneError(`${path} was deleted`);
    }
    if (file) return file;
    if (path === undefined) {
      sizeBytes = 0;
      path = segmentPath(folder, head.sequence + 1);
    }
    file = await openCut(path);
    await syncFolder(folder);
    return file;
  }

  async function openCut(existing: string): Promise<AppendFile> {
    const opened = await openFile(existing);
    try {
      await opened.cut(sizeBytes);
      await opened.sync();
      return opened;
    } catch (thrown) {
      await opened.close().catch(() => {});
      throw thrown;
    }
  }

  return {
    chain,
    folder,
    get head() {
      return head;
    },
    async write(records) {
      const [first] = records;
      if (!first) return [];
      const sealed = sealAll(chain, records, head);
      const bytes = Buffer.from(sealed.map(({ line }) => `${line}\n`).join(""), "latin1");
      try {
        const open = await fileFor(first);
        await open.append(bytes);
        await open.sync();
      } catch (thrown) {
        await closeFile().catch(() => {});
        throw thrown;
      }
      sizeBytes += bytes.length;
      head = sealed.at(-1) ?? head;
      day = dayOf(first);
      return sealed;
    },
    close: closeFile,
  };
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
