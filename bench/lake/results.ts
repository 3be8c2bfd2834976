import { median } from "../stats.ts";
import type { DatasetName } from "./data.ts";
import type { Traffic } from "./s3-model/model.ts";

export const sideNames = ["Sluice", "one GET", "parallel GETs", "Polars", "local DuckDB"] as const;
export type SideName = (typeof sideNames)[number];

/** How a failure begins that is another answer than the local file's. */
export const wrongAnswer = "another answer: ";

/** The failure of who was not asked, as a tier of the profile is Sluice's own. */
export const noSuchTier = "has no such tier";

/** One question asked once. */
export interface Sample {
  ms: number;
  fetchMs?: number | undefined;
  traffic: Traffic;
  memoryBytes?: number | undefined;
}

/** What one side did with one question. */
export interface Outcome {
  cold: Sample[];
  warm: Sample[];
  /** Why there are no times, or why they do not count. */
  failure?: string;
}

/** One question about one dataset. */
export interface Row {
  dataset: DatasetName;
  question: string;
  outcomes: Record<SideName, Outcome>;
  /** Bytes of the touched column chunks and footers. */
  neededBytes?: number | undefined;
}

export type Temperature = "cold" | "warm";

/** Median of what a side did; undefined where it did nothing that counts. */
export function middle(
  row: Row | undefined,
  side: SideName,
  temperature: Temperature,
  read: (sample: Sample) => number | undefined = ({ ms }) => ms,
): number | undefined {
  const outcome = row?.outcomes[side];
  if (!outcome || outcome.failure !== undefined) return undefined;
  const values = outcome[temperature].flatMap((sample) => read(sample) ?? []);
  return values.length === 0 ? undefined : median(values);
}

/** Median of the times of `other` through that of Sluice: how many times as fast Sluice is. */
export function speedup(row: Row | undefined, other: SideName, temperature: Temperature): number | undefined {
  const [ours, theirs] = [middle(row, "Sluice", temperature), middle(row, other, temperature)];
  return ours === undefined || theirs === undefined ? undefined : theirs / ours;
}

/** Bytes Sluice fetched, cold, by those that were needed. */
export function fetchedOverNeeded(row: Row | undefined): number | undefined {
  const fetched = middle(row, "Sluice", "cold", ({ traffic }) => traffic.bytes);
  if (fetched === undefined || !row?.neededBytes) return undefined;
  return fetched / row.neededBytes;
}

/** A failure on one line, without the names this run gave to the objects. */
export function plainly(failure: string): string {
  return failure
    .replaceAll(/take-[^/"]*\//g, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 500);
}
