import { Decompress } from "fzstd";
import { ToolError } from "../../core/errors.ts";
import { Xxh64 } from "./xxh64.ts";
import { parseFrameHeader } from "./zstd-frame.ts";

/** The largest block the format knows, compressed or not (RFC 8878, 3.1.1.2.4). */
const maxBlockBytes = 128 * 1024;

/**
 * Decompresses zstd frames, one after the other, block by block. The container is read here, so that claimed
 * window sizes are checked before memory is taken for them and each step gives at most 128 KiB.
 * Throws `invalid_input` for damaged data, `unsupported` for dictionaries and windows over 128 MiB.
 */
export class ZstdDecoder {
  #pending: Buffer = Buffer.alloc(0);
  #frame: { decoder: Decompress; checksum: Xxh64 | undefined } | undefined;
  #skipBytes = 0;
  readonly #output: Uint8Array[] = [];

  /** What `chunk` completes, lazily: stop asking and nothing more is decompressed. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    this.#pending = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : Buffer.from(chunk);
    while (this.#step()) yield* this.#output.splice(0);
  }

  /** Throws where the data ended inside a frame. */
  end(): void {
    if (this.#frame || this.#skipBytes > 0 || this.#pending.length > 0) throw damaged("it ends too early");
  }

  /** Takes one piece off the pending bytes. False: more are needed. */
  #step(): boolean {
    if (this.#pending.length === 0) return false;
    if (this.#skipBytes > 0) {
      this.#skipBytes -= this.#take(Math.min(this.#skipBytes, this.#pending.length)).length;
      return true;
    }
    return this.#frame ? this.#block(this.#frame) : this.#frameStart();
  }

  #frameStart(): boolean {
    if (this.#pending.length < 4) return false;
    const header = parseFrameHeader(this.#pending);
    if (header === "incomplete") return false;
    if (header === "damaged") throw damaged("a frame does not begin as one");
    if (header.kind === "skippable") {
      this.#skipBytes = header.sizeBytes;
      return true;
    }
    const checksum = header.hasChecksum ? new Xxh64() : undefined;
    const decoder = new Decompress((data) => {
      checksum?.update(data);
      if (data.length > 0) this.#output.push(data);
    });
    this.#frame = { decoder, checksum };
    this.#feed(decoder, this.#take(header.headerBytes), false);
    return true;
  }

  #block({ decoder, checksum }: { decoder: Decompress; checksum: Xxh64 | undefined }): boolean {
    if (this.#pending.length < 3) return false;
    const header = this.#pending.readUIntLE(0, 3);
    const isLast = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const claimedBytes = header >> 3;
    if (type === 3 || claimedBytes > maxBlockBytes) throw damaged("a block is malformed");
    const bodyBytes = type === 1 ? 1 : claimedBytes;
    const neededBytes = 3 + bodyBytes + (isLast && checksum ? 4 : 0);
    if (this.#pending.length < neededBytes) return false;
    const taken = this.#take(neededBytes);
    this.#feed(decoder, taken, isLast);
    if (!isLast) return true;
    this.#frame = undefined;
    // The library passes over checksums.
    const isSound = !checksum || checksum.digestLow32() === taken.readUInt32LE(neededBytes - 4);
    if (!isSound) throw damaged("its checksum does not agree with its content");
    return true;
  }

  #feed(decoder: Decompress, bytes: Buffer, isLast: boolean): void {
    try {
      decoder.push(bytes, isLast);
    } catch (cause) {
      throw damaged("a block cannot be decompressed", cause);
    }
  }

  #take(sizeBytes: number): Buffer {
    const taken = this.#pending.subarray(0, sizeBytes);
    this.#pending = this.#pending.subarray(sizeBytes);
    return taken;
  }
}

function damaged(what: string, cause?: unknown): ToolError {
  return new ToolError("invalid_input", `The zstd data is damaged: ${what}.`, { cause });
}
