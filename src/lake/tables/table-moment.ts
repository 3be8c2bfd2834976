import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";

/** The last moment a date can be, in milliseconds since the epoch. Source: ECMA-262, "Time Values and Time Range". */
export const maxDateMs = 8.64e15;

/** A moment that logs and metadata name, in whole milliseconds since the epoch. */
export const momentMs = z.int().min(-maxDateMs).max(maxDateMs);

/** Which state of a table is wanted; the newest where nothing is said. */
export interface TableMoment {
  /** Of Delta. */
  version?: number | undefined;
  /** Of Iceberg: a snapshot's id in digits, or the name of a branch or tag. */
  snapshot?: string | undefined;
  /** The last state not after it, ISO 8601. */
  timestamp?: string | undefined;
}

/** Which of them is said. Throws `invalid_input` where several are. */
export function momentSaid({
  version,
  snapshot,
  timestamp,
}: TableMoment): "version" | "snapshot" | "timestamp" | undefined {
  const said = [
    ...(version === undefined ? [] : (["version"] as const)),
    ...(snapshot === undefined ? [] : (["snapshot"] as const)),
    ...(timestamp === undefined ? [] : (["timestamp"] as const)),
  ];
  if (said.length < 2) return said[0];
  const [first, second] = said;
  throw new ToolError("invalid_input", `${first} and ${second} are both given. Leave out one of them.`);
}

/** The moment, where it is one of a Delta table. Throws `invalid_input`. */
export function deltaMoment(uri: string, moment: TableMoment): TableMoment {
  if (momentSaid(moment) !== "snapshot") return moment;
  throw new ToolError(
    "invalid_input",
    `${quoteName(uri)} is a Delta table, whose states have versions. Give version in place of snapshot.`,
  );
}

/** Milliseconds since the epoch of ISO 8601; a time without a zone is UTC. Throws `invalid_input` for what is no time. */
export function timestampMs(text: string): number {
  const match = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
    text,
  );
  const isDate = !/[T ]/.test(text);
  const iso = `${text.replace(" ", "T")}${match?.[1] || isDate ? "" : "Z"}`;
  const time = match ? Date.parse(iso) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new ToolError(
    "invalid_input",
    `timestamp is ${quoteName(text)}, which is no time. Write it as 2026-01-31T12:00:00Z.`,
  );
}
