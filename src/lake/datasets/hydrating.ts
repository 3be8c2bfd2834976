import { createRangeSet, sumBytes, tidyRanges } from "../cache/byte-ranges.ts";
import type { ByteRange, SparseFile } from "../cache/cache.ts";
import type { LakeScope } from "../scope.ts";
import type { ScanFile } from "../sql/engine.ts";
import type { ScanBudget } from "./scan-budget.ts";

/**
 * What a worker may ask of a file of which only parts are there; nothing of a file that is whole. A check is held
 * against what was there before the worker read it: what another call fetched since then, the worker has read as zeros.
 */
export function hydrating(
  file: SparseFile,
  budget: ScanBudget,
  scope: LakeScope,
): Pick<ScanFile, "hydrate" | "fetchAhead"> {
  const whole = [{ start: 0, end: file.sizeBytes }];
  if (file.missing(whole).length === 0) return {};
  let there = thereNow(file);
  let isPlanned = false;
  const paid = createRangeSet();
  const ensure = async (missing: readonly ByteRange[], signal: AbortSignal) => {
    const either = AbortSignal.any([scope.signal, signal]);
    const options = { maxGapBytes: gapWorthFetching(missing) };
    if (missing.length > 0) await file.ensure(missing, { ...scope, signal: either }, options);
    return missing.length;
  };
  return {
    fetchAhead(asked) {
      const ranges = tidyRanges(asked, file.sizeBytes);
      if (!budget.allows(sumBytes(ranges))) return undefined;
      budget.spend(sumBytes(ranges));
      for (const range of ranges) paid.add(range);
      const missing = file.missing(ranges);
      return { fetch: (signal) => ensure(missing, signal) };
    },
    hydrate(asked, isCheck) {
      const ranges = tidyRanges(asked, file.sizeBytes);
      const missing = isCheck ? there.gaps(ranges) : file.missing(ranges);
      // What is planned counts, there or not, so that a statement is refused alike however much is kept of its files.
      budget.spend(sumBytes(paid.gaps(isPlanned || isCheck ? missing : ranges)));
      isPlanned ||= !isCheck;
      return {
        async fetch(signal) {
          await ensure(missing, signal);
          if (missing.length > 0 || !isCheck) there = thereNow(file);
          return missing.length;
        },
      };
    },
  };
}

/** From the largest: up to what gap two ranges are fetched as one. */
const gapSteps = [32, 8, 2].map((kibibytes) => kibibytes * 1024);
/** Of what is wanted may be fetched beside it, or this much, which takes no time. */
const spare = { share: 0.04, bytes: 64 * 1024 };

/** Fewer requests are worth some bytes that nobody asked for, but not many. */
function gapWorthFetching(ranges: readonly ByteRange[]): number {
  const allowedBytes = Math.max(spare.bytes, sumBytes(ranges) * spare.share);
  const gaps = ranges.slice(1).map(({ start }, at) => start - (ranges[at]?.end ?? start));
  const fits = (most: number) =>
    gaps.reduce((sum, gap) => (gap <= most ? sum + gap : sum), 0) <= allowedBytes;
  return gapSteps.find(fits) ?? 0;
}

function thereNow(file: SparseFile) {
  const there = createRangeSet();
  let from = 0;
  for (const { start, end } of [...file.missing([{ start: 0, end: file.sizeBytes }]), endOf(file)]) {
    there.add({ start: from, end: start });
    from = end;
  }
  return there;
}

function endOf({ sizeBytes }: SparseFile): ByteRange {
  return { start: sizeBytes, end: sizeBytes };
}
