import { open } from "node:fs/promises";

/** One line of a file. */
export interface Line {
  /** Without its line break. */
  text: string;
  /** Where the next line begins, in bytes. */
  endByte: number;
  /** Whether its line break is there: without it, it is still being written, or was cut off. */
  isWhole: boolean;
}

const chunkBytes = 256 * 1024;
/** No record is as long. What is longer is cut here, so that a file without line breaks takes no memory. */
const maxLineBytes = 1024 * 1024;

/** The lines of a file from a byte on, as they are on disk now. None where the file is gone. */
export async function* readLines(path: string, startByte = 0): AsyncGenerator<Line> {
  const handle = await open(path, "r").catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return undefined;
    throw thrown;
  });
  if (!handle) return;
  try {
    let rest = Buffer.alloc(0);
    let position = startByte;
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes, position + rest.length);
      if (bytesRead === 0) break;
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let from = 0;
      for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, from)) {
        yield { text: rest.toString("utf8", from, end), endByte: position + end + 1, isWhole: true };
        from = end + 1;
      }
      if (rest.length - from > maxLineBytes) {
        yield { text: rest.toString("utf8", from), endByte: position + rest.length, isWhole: true };
        from = rest.length;
      }
      position += from;
      rest = rest.subarray(from);
    }
    if (rest.length > 0)
      yield { text: rest.toString("utf8"), endByte: position + rest.length, isWhole: false };
  } finally {
    await handle.close();
  }
}
