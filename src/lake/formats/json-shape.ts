import { incomplete, JsonScanner, refused } from "./json-scanner.ts";

/** `json`: an array, or values that span lines or share one. `ndjson`: one value a line. */
export type JsonShape = "json" | "ndjson";

/** Deep enough for anything real; deeper text is told apart by its other lines. */
const maxDepth = 1000;
const linesLookedAt = 200;

/**
 * Whether text is JSON, by its first bytes; `undefined` where it is not. `named`: what the file's name says, for
 * what shows no shape yet, such as one record alone or a first record longer than the head.
 */
export function jsonShape(
  head: Buffer,
  isWhole: boolean,
  named: JsonShape | undefined,
): JsonShape | undefined {
  const start = afterSpace(head, 0);
  const isContainer = head[start] === 0x7b || head[start] === 0x5b;
  // A lone word or number is JSON only to those who expect it.
  if (!isContainer && named === undefined) return undefined;
  const scanner = new JsonScanner(maxDepth);
  const behind = scanner.scan(head, start, head.length, isWhole);
  const unsettled = scanner.spansLines ? "json" : (named ?? "json");
  if (behind === incomplete) return isContainer ? unsettled : undefined;
  if (behind === refused) {
    if (mostLinesAreObjects(head, isWhole)) return "ndjson";
    return scanner.fault?.kind === "syntax" ? undefined : unsettled;
  }
  const next = afterSpace(head, behind);
  if (next >= head.length) return unsettled;
  if (scanner.scan(head, next, head.length, isWhole) === refused) {
    return mostLinesAreObjects(head, isWhole) ? "ndjson" : undefined;
  }
  return areOnLines(head, start, isWhole) ? "ndjson" : "json";
}

/** Whether each of the first values stands on one line, and on its own, as far as they are sound. */
function areOnLines(head: Buffer, start: number, isWhole: boolean): boolean {
  const scanner = new JsonScanner(maxDepth);
  let at = start;
  for (let count = 0; count < linesLookedAt && at < head.length; count += 1) {
    const behind = scanner.scan(head, at, head.length, isWhole);
    if (scanner.spansLines) return false;
    if (behind < 0) return true;
    const next = afterSpace(head, behind);
    if (next < head.length && !head.subarray(behind, next).includes(0x0a)) return false;
    at = next;
  }
  return true;
}

/** So that one torn or malformed line at the top does not hide what the file is. */
function mostLinesAreObjects(head: Buffer, isWhole: boolean): boolean {
  const scanner = new JsonScanner(maxDepth);
  let good = 0;
  let bad = 0;
  for (let start = 0; start < head.length && good + bad < linesLookedAt; ) {
    const feed = head.indexOf(0x0a, start);
    if (feed < 0 && !isWhole) break;
    const end = feed < 0 ? head.length : feed;
    const first = afterSpace(head, start);
    if (first < end) {
      const isObject = head[first] === 0x7b && scanner.scan(head, first, end, true) >= 0;
      if (isObject) good += 1;
      else bad += 1;
    }
    start = end + 1;
  }
  return good > bad;
}

function afterSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return at;
}
