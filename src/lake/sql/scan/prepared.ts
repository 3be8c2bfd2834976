import { z } from "zod";

/**
 * How the engine must open a text file to read exactly what the scan found good. The file is the source itself
 * where that is clean, else a copy with the good records only.
 */
export const preparedText = z.object({
  path: z.string(),
  /** Whether `path` is a copy made for this. */
  isCopy: z.boolean(),
  hasHeader: z.boolean(),
  /** Whether lines end with LF. The engine must be told so, and must not be told of CRLF, which it then misreads. */
  hasLineFeeds: z.boolean(),
  /** Text files: a character that the file does not hold. */
  separator: z.string().optional(),
  /** Whether several threads may read it: records with line ends inside make that unsafe. */
  isSplittable: z.boolean(),
  longestRecordBytes: z.number(),
  /** CSV files: indexes of the columns in which a field is `""`, in order. */
  quotedEmpties: z.array(z.number()).optional(),
});

export type PreparedText = z.infer<typeof preparedText>;

/** The same, of a file that is read where it lies, wherever that is. */
export const readInPlace = preparedText.omit({ path: true });
export type ReadInPlace = z.infer<typeof readInPlace>;

/** Whether all lines end alike, from the bits a scan saw (1 LF, 2 CRLF, 4 CR). The engine misreads mixtures. */
export function hasOneLineEnd(bits: number): boolean {
  return bits === 0 || bits === 1 || bits === 2 || bits === 4;
}
