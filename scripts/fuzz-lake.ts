import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type FuzzReport, joinReports, reportLines, runFuzz } from "../test/fuzz/run-fuzz.ts";
import { goldenRoot } from "../test/harness/golden.ts";

/**
 * `npm run fuzz:lake -- [--queries 20000] [--seed N] [--only I] [--processes N]`: random queries through the lake, held
 * against a plain DuckDB over the whole files, by a process for each core. Ends with 1 where an answer differs or a
 * worker crashed.
 */
const usage =
  "Usage: npm run fuzz:lake -- [--queries N] [--seed N] [--only I] [--processes N], all of them whole numbers\n";

const { values } = parseArgs({
  options: {
    queries: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Date.now() % 1e9) },
    only: { type: "string" },
    processes: { type: "string", default: String(availableParallelism()) },
    // Of a process that asks a part of the questions.
    from: { type: "string" },
  },
});

function wholeNumber(text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  process.stderr.write(usage);
  process.exit(2);
}

const seed = wholeNumber(values.seed, 0);
const queries = values.only === undefined ? wholeNumber(values.queries, 1) : 1;
const processes = Math.min(wholeNumber(values.processes, 1), queries);
const from = wholeNumber(values.from ?? values.only ?? "0", 0);

if (values.from !== undefined) {
  process.send?.(await ask(), () => process.disconnect());
} else {
  console.log(`seed ${seed}`);
  const report = await askInParts();
  for (const line of reportLines(report)) console.log(line);
  process.exitCode = report.mismatches.length > 0 || report.workerCrashes > 0 ? 1 : 0;
}

function ask(): Promise<FuzzReport> {
  return runFuzz({ seed, from, queries, golden: goldenRoot, print: (line) => console.log(line) });
}

async function askInParts(): Promise<FuzzReport> {
  if (processes === 1) return ask();
  const startOf = (part: number) => Math.floor((part * queries) / processes);
  const others = Array.from({ length: processes - 1 }, (_, at) => askPart(startOf(at + 1), startOf(at + 2)));
  return joinReports(await Promise.all([askPart(0, startOf(1)), ...others]));
}

/** The report of a process of its own that asks the questions from `start` up to `end`. */
async function askPart(start: number, end: number): Promise<FuzzReport> {
  const args = ["--seed", String(seed), "--from", String(start), "--queries", String(end - start)];
  const child = fork(import.meta.filename, args, { serialization: "advanced" });
  const reports: FuzzReport[] = [];
  child.on("message", (report) => reports.push(report as FuzzReport));
  const [code] = await once(child, "exit");
  const [report] = reports;
  if (report) return report;
  throw new Error(`The process that asked the questions from ${start} up to ${end} ended with ${code}.`);
}
