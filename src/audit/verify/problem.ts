/**
 * What is wrong with a chain. `edited`: a record is not what was written. `deleted`: records are not there.
 * `reordered`: they stand elsewhere. `truncated`: the end is not there. `forked`: two histories of the same numbers.
 * `anchor`: the anchors themselves are damaged.
 */
export type ProblemKind = "edited" | "deleted" | "reordered" | "truncated" | "forked" | "anchor";

/** One thing that is wrong, and where. */
export interface Problem {
  kind: ProblemKind;
  chain: string;
  /** File and line, from 1 on, where there is one to show. */
  file?: string;
  line?: number;
  /** Number of the record, or of the first of those that are missing. */
  sequence?: number;
  message: string;
}
