import type { DetectedCsv } from "./csv-detect.ts";

/**
 * Whether text whose name does not say so is a table: rows of one width, and, where only commas separate, no
 * sentences between them.
 */
export function isTable({ fit, dialect }: DetectedCsv, isNamedText: boolean): boolean {
  const minConsistency = isNamedText ? 0.97 : 0.9;
  if (fit.width < 2 || fit.records < 3 || fit.consistency < minConsistency) return false;
  return dialect.separator !== "," || !fit.readsAsProse;
}
