import { createRangeSet, sumBytes, tidyRanges } from "../cache/byte-ranges.ts";
import type { ByteRange, SparseFile } from "../cache/cache.ts";
import type { LakeScope } from "../scope.ts";
import type { ScanFile } from "../sql/engine.ts";
import type { ScanBudget } from "./scan-budget.ts";

/**
 * What a worker may ask of a file of which only parts are there; nothing of a file that is whole. A check is held
 * against what was there before the worker read it: what another call fetched since then, the worker has read as zeros.
 */
export function hydrating(file: SparseFile, budget: ScanBudget, scope: LakeScope): Pick<ScanFile, "hydrate"> {
  const whole = [{ start: 0, end: file.sizeBytes }];
  if (file.missing(whole).length === 0) return {};
  let there = thereNow(file);
  let isPlanned = false;
  return {
    hydrate(asked, isCheck) {
      const ranges = tidyRanges(asked, file.sizeBytes);
      const missing = isCheck ? there.gaps(ranges) : file.missing(ranges);
      // What is planned counts, there or not, so that a statement is refused alike however much is kept of its files.
      budget.spend(sumBytes(isPlanned || isCheck ? missing : ranges));
      isPlanned ||= !isCheck;
      return {
        async fetch(signal) {
          const either = AbortSignal.any([scope.signal, signal]);
          if (missing.length > 0) await file.ensure(missing, { ...scope, signal: either });
          if (missing.length > 0 || !isCheck) there = thereNow(file);
          return missing.length;
        },
      };
    },
  };
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
