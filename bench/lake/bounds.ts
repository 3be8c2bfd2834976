import { type Goal, times } from "../report.ts";
import { geometricMean } from "../stats.ts";
import type { DatasetName } from "./data.ts";
import { exactTier, footerTier, profileName, profileTiers, sampledTier } from "./profile-questions.ts";
import { fetchedOverNeeded, middle, plainly, type Row, type SideName, speedup } from "./results.ts";

/** Questions on Parquet that have to be so many times as fast as one GET of the whole object. */
const leastSpeedups: Readonly<Record<string, number>> = {
  count: 4,
  schema: 4,
  "preview of 20 rows": 4,
  "aggregate of 2 of 16 columns": 4,
  "pruned filter": 4,
  "point look-up": 4,
  "top-10 group by": 3.5,
};

/** Each bound with what was found; `met` is undefined for what was not measured in this run. */
export function boundsOf(rows: readonly Row[]): Goal[] {
  const parquet = rows.filter(({ dataset }) => dataset === "parquet");
  const compared = rows.filter(({ question }) => !profileTiers.some(({ name }) => name === question));
  return [
    ...parquet.filter((row) => compared.includes(row)).map(fewBytes),
    ...parquet.flatMap((row) => {
      const least = leastSpeedups[row.question];
      return least === undefined ? [] : [atLeast(row, least)];
    }),
    neverSlower(compared),
    belowPolars(compared),
    ...compared.map(warmEnough),
    smallPreview(find(rows, "csv", "preview of 20 rows")),
    ...profileBounds(rows),
  ];
}

function find(rows: readonly Row[], dataset: DatasetName, question: string): Row | undefined {
  return rows.find((row) => row.dataset === dataset && row.question === question);
}

/** What there is no figure for, and why. Where Sluice gave no answer the bound is missed; else it was not measured. */
function absent(what: string, row: Row | undefined, ...sides: SideName[]): Goal {
  const failed = sides.find((side) => row?.outcomes[side].failure !== undefined);
  if (row === undefined || failed === undefined) return { text: what, met: undefined };
  const why = plainly(row.outcomes[failed].failure ?? "");
  return { text: `${what}: ${failed}: ${why}`, met: failed === "Sluice" ? false : undefined };
}

function nameOf({ dataset, question }: Row): string {
  return `${dataset}, ${question}`;
}

function fewBytes(row: Row): Goal {
  const what = `${nameOf(row)}, bytes fetched`;
  const found = fetchedOverNeeded(row);
  if (found === undefined) return absent(what, row, "Sluice");
  return { text: `${what}: ${times(found)} those needed (at most 1.1 ×)`, met: found <= 1.1 };
}

function atLeast(row: Row, least: number): Goal {
  const what = `${nameOf(row)}, cold`;
  const found = speedup(row, "one GET", "cold");
  if (found === undefined) return absent(what, row, "Sluice", "one GET");
  return {
    text: `${what}: ${found.toFixed(1)} × as fast as one GET (at least ${least} ×)`,
    met: found >= least,
  };
}

function neverSlower(rows: readonly Row[]): Goal {
  const what = "all, cold, time by that of a parallel download of the whole";
  const found = rows.flatMap((row) => {
    const ratio = speedup(row, "parallel GETs", "cold");
    return ratio === undefined ? [] : [{ name: nameOf(row), ratio: 1 / ratio }];
  });
  const worst = found.toSorted((a, b) => b.ratio - a.ratio)[0];
  if (!worst) return absent(what, rows[0], "Sluice", "parallel GETs");
  const slower = found.filter(({ ratio }) => ratio > 1.1).map(({ name, ratio }) => `${name} ${times(ratio)}`);
  const silent = rows.filter(({ outcomes }) => outcomes.Sluice.failure !== undefined).map(nameOf);
  const over = slower.length === 0 ? "" : `; over it: ${slower.join("; ")}`;
  const unanswered = silent.length === 0 ? "" : `; no answer of Sluice: ${silent.join("; ")}`;
  return {
    text: `${what}: at worst ${times(worst.ratio)}, ${worst.name} (at most 1.1 ×)${over}${unanswered}`,
    met: slower.length === 0 && silent.length === 0,
  };
}

function belowPolars(rows: readonly Row[]): Goal {
  const what = "geometric mean of all, cold, time by that of Polars";
  const ratiosOf = (some: readonly Row[]) =>
    some.flatMap((row) => speedup(row, "Polars", "cold") ?? []).map((ratio) => 1 / ratio);
  const ratios = ratiosOf(rows);
  if (ratios.length === 0) return absent(what, rows[0], "Polars");
  const found = geometricMean(ratios);
  const single = ratiosOf(rows.filter(({ dataset }) => dataset !== "files"));
  const ofSingle = single.length > 0 ? `; without the many files ${times(geometricMean(single))}` : "";
  return {
    text: `${what}: ${times(found)} over ${ratios.length} questions (at most 0.9 ×)${ofSingle}`,
    met: found <= 0.9,
  };
}

/** Long questions may take half as long again as DuckDB on the local file; short ones 60 ms more. */
function warmEnough(row: Row): Goal {
  const what = `${nameOf(row)}, warm`;
  const ours = middle(row, "Sluice", "warm");
  const local = middle(row, "local DuckDB", "warm");
  if (ours === undefined || local === undefined) return absent(what, row, "Sluice", "local DuckDB");
  if (local > 200) {
    const text = `${what}: ${times(ours / local)} DuckDB on the local file (at most 1.5 ×)`;
    return { text, met: ours / local <= 1.5 };
  }
  const overMs = ours - local;
  const text = `${what}: ${overMs.toFixed(0)} ms over DuckDB on the local file (at most 60 ms)`;
  return { text, met: overMs <= 60 };
}

function smallPreview(row: Row | undefined): Goal {
  const what = "csv, preview of 20 rows, fetched";
  const bytes = middle(row, "Sluice", "cold", ({ traffic }) => traffic.bytes);
  if (bytes === undefined) return absent(what, row, "Sluice");
  return { text: `${what}: ${(bytes / 1e6).toFixed(2)} MB (at most 2 MB)`, met: bytes <= 2e6 };
}

function profileBounds(rows: readonly Row[]): Goal[] {
  return [
    within(find(rows, "parquet", footerTier), `parquet, ${footerTier}, cold`, 150),
    within(find(rows, "parquet", sampledTier), `parquet, ${sampledTier}, cold`, 1_000),
    exactlyProfiled(rows),
  ];
}

function within(row: Row | undefined, what: string, mostMs: number): Goal {
  const ms = middle(row, "Sluice", "cold");
  if (ms === undefined) return absent(what, row, "Sluice");
  return { text: `${what}: ${ms.toFixed(0)} ms (at most ${mostMs} ms)`, met: ms <= mostMs };
}

function exactlyProfiled(rows: readonly Row[]): Goal {
  const what = `parquet, ${exactTier}, cold`;
  const [row, compared] = [find(rows, "parquet", exactTier), find(rows, "parquet", profileName)];
  const ms = middle(row, "Sluice", "cold");
  if (ms === undefined) return absent(what, row, "Sluice");
  const pass = middle(compared, "local DuckDB", "warm");
  const download = middle(compared, "parallel GETs", "cold", ({ fetchMs }) => fetchMs);
  if (pass === undefined || download === undefined)
    return absent(what, compared, "local DuckDB", "parallel GETs");
  const mostMs = 1.3 * pass + download;
  const how = `1.3 × a pass of DuckDB on the local file, ${pass.toFixed(0)} ms, and the parallel download, ${download.toFixed(0)} ms`;
  return {
    text: `${what}: ${ms.toFixed(0)} ms (at most ${mostMs.toFixed(0)} ms: ${how})`,
    met: ms <= mostMs,
  };
}
