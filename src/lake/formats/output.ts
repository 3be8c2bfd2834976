import { open } from "node:fs/promises";

/** Where prepared bytes go. Bytes given may be reused by the caller once `write` has settled. */
export interface Output {
  write(bytes: Uint8Array): Promise<void>;
  /** Flushes and closes. Call `abandon` instead when something failed. */
  finish(): Promise<void>;
  abandon(): Promise<void>;
  readonly sizeBytes: number;
}

const batchBytes = 1024 * 1024;

/** Writes a new file at `path`, in large pieces. With no path, counts bytes only: a dry run. */
export async function openOutput(path: string | undefined): Promise<Output> {
  if (path === undefined) return countingOutput();
  const file = await open(path, "w", 0o600);
  const batch = Buffer.allocUnsafeSlow(batchBytes);
  let batched = 0;
  let sizeBytes = 0;
  const flush = async () => {
    const held = batched;
    batched = 0;
    if (held > 0) await file.writeFile(batch.subarray(0, held));
  };
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    async write(bytes) {
      sizeBytes += bytes.length;
      if (batched + bytes.length > batchBytes) await flush();
      if (bytes.length > batchBytes / 2) {
        await file.writeFile(bytes);
      } else {
        batch.set(bytes, batched);
        batched += bytes.length;
      }
    },
    async finish() {
      await flush();
      await file.close();
    },
    abandon: () => file.close(),
  };
}

function countingOutput(): Output {
  let sizeBytes = 0;
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    async write(bytes) {
      sizeBytes += bytes.length;
    },
    async finish() {},
    async abandon() {},
  };
}
