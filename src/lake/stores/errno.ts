import { stat } from "node:fs/promises";

/** The code of an operating system error, such as `ENOENT`. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

/** What becomes of `work`; `otherwise` where the file it is about is not there. */
export async function ifMissing<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return otherwise;
    throw thrown;
  }
}

/** Bytes of a file; none where it is not there. */
export async function sizeOf(path: string): Promise<number> {
  return (await ifMissing(stat(path), undefined))?.size ?? 0;
}
