import { type Section, times } from "../report.ts";
import {
  fetchedOverNeeded,
  middle,
  noSuchTier,
  plainly,
  type Row,
  type SideName,
  sideNames,
  speedup,
  type Temperature,
} from "./results.ts";

/** The figures of a run as tables; bounds are not judged here. */
export function tablesOf(rows: readonly Row[]): Section[] {
  return [coldTable(rows), warmTable(rows), bytesTable(rows), memoryTable(rows), failureTable(rows)].filter(
    (section) => section.rows.length > 0,
  );
}

const others: readonly SideName[] = ["one GET", "parallel GETs", "Polars"];

function ms(row: Row, side: SideName, temperature: Temperature): string {
  const found = middle(row, side, temperature);
  return found === undefined ? "–" : `${found < 10 ? found.toFixed(1) : found.toFixed(0)} ms`;
}

function name({ dataset, question }: Row): string {
  return `${dataset}: ${question}`;
}

function orDash(value: number | undefined, write: (value: number) => string): string {
  return value === undefined ? "–" : write(value);
}

function coldTable(rows: readonly Row[]): Section {
  return {
    title: "Cold",
    about: "Nobody has seen the objects. The ratios are others ÷ Sluice: how many times as fast Sluice is.",
    columns: ["", "Sluice", ...others, ...others.map((other) => `${other} ÷ Sluice`)],
    rows: rows.map((row) => [
      name(row),
      ms(row, "Sluice", "cold"),
      ...others.map((other) => ms(row, other, "cold")),
      ...others.map((other) => orDash(speedup(row, other, "cold"), times)),
    ]),
    goals: [],
  };
}

function warmTable(rows: readonly Row[]): Section {
  return {
    title: "Warm",
    about:
      "The same question again. DuckDB on the local file is the limit; those who fetch the whole then ask their own " +
      "copy, Polars fetches anew.",
    columns: ["", ...sideNames, "Sluice − local", "Sluice ÷ local"],
    rows: rows.map((row) => {
      const ours = middle(row, "Sluice", "warm");
      const local = middle(row, "local DuckDB", "warm");
      const both = ours === undefined || local === undefined ? undefined : { ours, local };
      return [
        name(row),
        ...sideNames.map((side) => ms(row, side, "warm")),
        both ? `${(both.ours - both.local).toFixed(0)} ms` : "–",
        both ? times(both.ours / both.local) : "–",
      ];
    }),
    goals: [],
  };
}

function bytesTable(rows: readonly Row[]): Section {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`;
  const remote: readonly SideName[] = ["Sluice", ...others];
  return {
    title: "Bytes and requests",
    about:
      "Cold. Needed: the column chunks the question touches and the footers of their files, by the footers; for CSV the " +
      "whole file, for Delta without its log. Requests are of every kind: GET, HEAD and lists. Warm: what Sluice asks when " +
      "it is asked again.",
    columns: [
      "",
      "needed",
      ...remote.map((side) => `${side}, bytes`),
      "Sluice ÷ needed",
      ...remote.map((side) => `${side}, requests`),
      "Sluice, warm, requests",
    ],
    rows: rows.map((row) => [
      name(row),
      orDash(row.neededBytes, megabytes),
      ...remote.map((side) =>
        orDash(
          middle(row, side, "cold", ({ traffic }) => traffic.bytes),
          megabytes,
        ),
      ),
      orDash(fetchedOverNeeded(row), times),
      ...remote.map((side) =>
        orDash(
          middle(row, side, "cold", ({ traffic }) => traffic.requests),
          (count) => count.toFixed(0),
        ),
      ),
      orDash(
        middle(row, "Sluice", "warm", ({ traffic }) => traffic.requests),
        (count) => count.toFixed(0),
      ),
    ]),
    goals: [],
  };
}

function memoryTable(rows: readonly Row[]): Section {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return {
    title: "Peak memory",
    about:
      "Cold. Resident memory at its peak (VmHWM), added up over the processes of each side: of Sluice the server and " +
      "its query workers.",
    columns: ["", ...sideNames],
    rows: rows.map((row) => [
      name(row),
      ...sideNames.map((side) =>
        orDash(
          middle(row, side, "cold", ({ memoryBytes }) => memoryBytes),
          megabytes,
        ),
      ),
    ]),
    goals: [],
  };
}

function failureTable(rows: readonly Row[]): Section {
  const reasons = new Map<string, string[]>();
  for (const row of rows) {
    for (const side of sideNames) {
      const failure = row.outcomes[side].failure;
      if (failure === undefined || failure === noSuchTier) continue;
      const what = `${side}: ${plainly(failure).replaceAll("|", "\\|")}`;
      reasons.set(what, [...(reasons.get(what) ?? []), name(row)]);
    }
  }
  return {
    title: "Without figures",
    about: "Who did not answer, or not as DuckDB does from the local file, and why.",
    columns: ["", "questions"],
    rows: [...reasons].map(([reason, questions]) => [
      reason,
      questions.length === rows.length ? "all" : questions.join("; "),
    ]),
    goals: [],
  };
}
