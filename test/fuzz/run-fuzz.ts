import { ask, type Outcome } from "./ask.ts";
import { type FuzzLake, openFuzzLake } from "./fuzz-lake.ts";
import { question } from "./grammar/question.ts";
import type { Question } from "./grammar/statement.ts";
import { choices } from "./random.ts";

export interface FuzzOptions {
  seed: number;
  /** The number of the first question. Default: 0. */
  from?: number;
  queries: number;
  golden: string;
  print(line: string): void;
}

export interface Mismatch {
  index: number;
  verdict: string;
  question: Question;
}

export interface FuzzReport {
  seed: number;
  queries: number;
  mismatches: Mismatch[];
  /** Questions that failed here and there alike. */
  faults: number;
  workerCrashes: number;
  oracleCrashes: number;
  reruns: number;
  requests: number;
  /** Of the questions that began with an empty cache: bytes that were sent, and bytes of the files asked about. */
  cold: { queries: number; fetchedBytes: number; sizeBytes: number };
  warm: { queries: number; fetchedBytes: number; sizeBytes: number };
  skipped: string[];
}

/** Questions of one tenant that has seen the files before. */
const perTenant = 40;

/** Asks `queries` questions and reports; mismatches are printed as they are found, with how to ask them again. */
export async function runFuzz({ seed, from = 0, queries, golden, print }: FuzzOptions): Promise<FuzzReport> {
  const fuzz = await openFuzzLake({ seed, golden, workers: 1 });
  const report = emptyReport(seed, fuzz);
  try {
    for (let index = from; index < from + queries; index++) {
      const random = choices(seed, index);
      const isCold = random.chance(50);
      const asked = question(random, fuzz.tables);
      const tenant = isCold ? `cold-${index}` : `warm-${Math.floor(index / perTenant)}`;
      const outcome = await ask(fuzz, asked, fuzz.scopeOf(tenant));
      record(report, isCold, outcome);
      if (outcome.isCrash) print(`${describe(asked)}\n  ${outcome.fault}\n  ${again(seed, index)}`);
      if (outcome.verdict !== undefined) {
        report.mismatches.push({ index, verdict: outcome.verdict, question: asked });
        print(`${describe(asked)}\n  ${outcome.verdict}\n  ${again(seed, index)}`);
      }
      if (index % 1_000 === 999) print(`up to ${index + 1} asked, ${report.mismatches.length} mismatches`);
    }
    return { ...report, oracleCrashes: fuzz.oracle.crashes() };
  } finally {
    await fuzz.stop();
  }
}

function emptyReport(seed: number, { oracle }: FuzzLake): FuzzReport {
  const none = () => ({ queries: 0, fetchedBytes: 0, sizeBytes: 0 });
  return {
    seed,
    queries: 0,
    mismatches: [],
    faults: 0,
    workerCrashes: 0,
    oracleCrashes: 0,
    reruns: 0,
    requests: 0,
    cold: none(),
    warm: none(),
    skipped: oracle.corpus.skipped,
  };
}

function record(report: FuzzReport, isCold: boolean, outcome: Outcome): void {
  report.queries++;
  if (outcome.fault !== undefined) report.faults++;
  if (outcome.isCrash) report.workerCrashes++;
  report.reruns += outcome.reruns;
  report.requests += outcome.requests;
  const kind = isCold ? report.cold : report.warm;
  kind.queries++;
  kind.fetchedBytes += outcome.fetchedBytes;
  kind.sizeBytes += outcome.sizeBytes;
}

function again(seed: number, index: number): string {
  return `again: npm run fuzz:lake -- --seed ${seed} --only ${index}`;
}

/** A question as it can be read. */
export function describe(asked: Question): string {
  return asked.kind === "sql" ? asked.sql : `readRows ${JSON.stringify(asked)}`;
}

/** Reports of parts of one run, as one. */
export function joinReports(parts: readonly [FuzzReport, ...FuzzReport[]]): FuzzReport {
  const sum = (of: (part: FuzzReport) => number) => parts.reduce((total, part) => total + of(part), 0);
  const joined = (kind: "cold" | "warm") => ({
    queries: sum((part) => part[kind].queries),
    fetchedBytes: sum((part) => part[kind].fetchedBytes),
    sizeBytes: sum((part) => part[kind].sizeBytes),
  });
  return {
    ...parts[0],
    queries: sum(({ queries }) => queries),
    mismatches: parts.flatMap(({ mismatches }) => mismatches),
    faults: sum(({ faults }) => faults),
    workerCrashes: sum(({ workerCrashes }) => workerCrashes),
    oracleCrashes: sum(({ oracleCrashes }) => oracleCrashes),
    reruns: sum(({ reruns }) => reruns),
    requests: sum(({ requests }) => requests),
    cold: joined("cold"),
    warm: joined("warm"),
  };
}

/** The report as lines of text. */
export function reportLines({ cold, warm, ...report }: FuzzReport): string[] {
  const share = ({ queries, fetchedBytes, sizeBytes }: FuzzReport["cold"]) =>
    `${queries} queries fetched ${mebibytes(fetchedBytes)} of ${mebibytes(sizeBytes)} MiB (${((100 * fetchedBytes) / Math.max(1, sizeBytes)).toFixed(1)} %)`;
  return [
    `seed ${report.seed}: ${report.queries} queries, ${report.mismatches.length} mismatches`,
    `faults on both sides ${report.faults}; workers lost ${report.workerCrashes}; oracles lost ${report.oracleCrashes}`,
    `reruns ${report.reruns}; requests ${report.requests}`,
    `with nothing cached: ${share(cold)}`,
    `with the files seen before: ${share(warm)}`,
    ...report.skipped.map((name) => `skipped ${name}`),
  ];
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}
