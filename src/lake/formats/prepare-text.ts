import type { CsvDialect } from "./format.ts";
import { LineEndNormalizer, type LineEnds } from "./line-ends.ts";
import { LineLengthGuard } from "./line-length.ts";
import { openOutput } from "./output.ts";
import { type TextSource, utf8Chunks } from "./source.ts";

export interface PrepareTextOptions extends TextSource {
  /** Of CSV: line ends inside quoted fields are data and stay. Left out for plain text. */
  dialect?: CsvDialect | undefined;
  /** The longest line read, in bytes of UTF-8; 16 MiB unless told otherwise. */
  maxLineBytes?: number;
}

/** Facts of a prepared file. Plain JSON. */
export interface PreparedText {
  /** Of the UTF-8 text. */
  sizeBytes: number;
  /** Line ends outside quoted fields before preparation; all `\n` after it. */
  lineEnds: LineEnds;
  /**
   * Whether a query worker may open the stored file as it is: plain UTF-8, no byte-order mark, line ends of one
   * kind. What is written then differs at most by its line ends.
   */
  readableInPlace: boolean;
  notes: string[];
}

export const defaultMaxLineBytes = 16 * 1024 * 1024;

/**
 * Writes the text at `path` as plain UTF-8: decompressed, decoded, checked to the last byte, without a
 * byte-order mark, line ends outside quoted fields made `\n`. With no path it only checks and tells. Memory does
 * not grow with the file. Throws `too_large` (see `TextSource`, and for over-long lines), `invalid_input`
 * for damaged or undecodable bytes, though not for bytes of CSV in UTF-8 that are none: they stay, and the scan
 * rejects their record. What is at `path` then is not whole and the caller's to remove.
 */
export async function prepareText(
  stored: AsyncIterable<Uint8Array>,
  path: string | undefined,
  options: PrepareTextOptions,
): Promise<PreparedText> {
  const facts = { hadByteOrderMark: false };
  const invalidUtf8 = options.dialect ? "keep" : "refuse";
  const normalizer = new LineEndNormalizer(options.dialect);
  const guard = new LineLengthGuard(options.maxLineBytes ?? defaultMaxLineBytes);
  const output = await openOutput(path);
  try {
    for await (const chunk of utf8Chunks(stored, { ...options, invalidUtf8 }, facts)) {
      guard.check(chunk);
      await output.write(normalizer.push(chunk));
    }
    await output.write(normalizer.end());
  } catch (thrown) {
    await output.abandon();
    throw thrown;
  }
  await output.finish();
  const { lineEnds } = normalizer;
  const isPlain = options.compression === "none" && options.encoding === "utf-8" && !facts.hadByteOrderMark;
  return {
    sizeBytes: output.sizeBytes,
    lineEnds,
    readableInPlace: isPlain && lineEnds !== "mixed",
    notes: lineEnds === "mixed" ? ["the lines end in more than one way; all are read as line ends"] : [],
  };
}
