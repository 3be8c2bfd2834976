import { type FileHandle, open } from "node:fs/promises";
import type { ByteRange } from "../../src/lake/cache/cache.ts";
import type { ScanFile } from "../../src/lake/sql/engine.ts";

/** A file of the size of another, which holds only what was asked for. */
export interface SparseCopy {
  file: ScanFile;
  /** Bytes asked for so far, each once; the footer left out. */
  fetchedBytes(): number;
  close(): Promise<void>;
}

/** A copy of a Parquet file that begins with its footer alone. */
export async function sparseCopy(source: string, path: string): Promise<SparseCopy> {
  const from = await open(source, "r");
  const to = await open(path, "w+");
  const { size } = await from.stat();
  await to.truncate(size);
  const end = Buffer.alloc(8);
  await from.read(end, 0, 8, size - 8);
  const footerStart = size - 8 - end.readUInt32LE(0);
  const there = new Uint8Array(size);
  await copy(from, to, { start: footerStart, end: size });
  there.fill(1, footerStart);
  const fetch = async (ranges: readonly ByteRange[]) => {
    let missing = 0;
    for (const { start, end } of ranges) {
      const stop = Math.min(end, size);
      if (!there.subarray(start, stop).includes(0)) continue;
      missing++;
      await copy(from, to, { start, end: stop });
      there.fill(1, start, stop);
    }
    return missing;
  };
  return {
    file: {
      path,
      uri: `s3://lake/${path.split("/").pop()}`,
      partition: {},
      hydrate: (ranges) => ({ fetch: () => fetch(ranges) }),
    },
    fetchedBytes: () => there.subarray(0, footerStart).reduce((sum, one) => sum + one, 0),
    async close() {
      await from.close();
      await to.close();
    },
  };
}

async function copy(from: FileHandle, to: FileHandle, { start, end }: ByteRange): Promise<void> {
  const bytes = Buffer.alloc(end - start);
  await from.read(bytes, 0, bytes.length, start);
  await to.write(bytes, 0, bytes.length, start);
}
