import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Children, firstJsonLine, jsonExchange } from "../children.ts";
import { type Section, times } from "../report.ts";
import { median } from "../stats.ts";
import { type BenchData, type FileKind, openBenchData } from "./data.ts";
import { type Question, questions } from "./questions.ts";
import { type Answer, type SluiceUnderTest, startSluice } from "./sluice.ts";

export interface LakeOptions {
  children: Children;
  programAt: (name: string) => string;
  /** The built product. */
  product: string;
  rounds: number;
  say(text: string): void;
}

const cacheDir = join(import.meta.dirname, "..", "..", ".cache", "bench");
const firstByteMs = 30;
const bytesPerSecond = 90e6;
const kinds: readonly FileKind[] = ["parquet", "csv"];

interface Sides {
  sluice: SluiceUnderTest;
  whole(request: { key: string; sql: string }): Promise<Answer>;
  data: BenchData;
}

interface Row {
  kind: FileKind;
  question: Question;
  cold: [sluice: number[], whole: number[]];
  warm: [sluice: number[], whole: number[]];
}

/** Tools over HTTP on files behind a modelled link, against fetching the whole object and asking DuckDB. */
export async function measureLake(options: LakeOptions): Promise<Section> {
  await mkdir(cacheDir, { recursive: true });
  const work = join(cacheDir, `lake-run-${process.pid}`);
  await mkdir(work);
  try {
    const sides = await startSides(options, work);
    const rows: Row[] = kinds.flatMap((kind) =>
      questions.map((question): Row => ({ kind, question, cold: [[], []], warm: [[], []] })),
    );
    for (let round = 0; round <= options.rounds; round++) {
      options.say(`lake, round ${round} of ${options.rounds}`);
      for (const row of rows) await measureRow(sides, row, round);
    }
    return sectionOf(rows, sides.data, options.rounds);
  } finally {
    await options.children.stopAll();
    await rm(work, { recursive: true, force: true });
  }
}

async function startSides({ children, programAt, product }: LakeOptions, work: string): Promise<Sides> {
  const data = await openBenchData(cacheDir, work);
  const link = [String(firstByteMs), String(bytesPerSecond)];
  const s3 = children.start(programAt("s3-server"), [data.folder, ...link]);
  const { url } = (await firstJsonLine(s3)) as { url: string };
  const exchange = jsonExchange(children.start(programAt("whole-object"), [url, work]));
  await exchange.next();
  return {
    data,
    sluice: await startSluice(children, product, url, join(work, "cache")),
    whole: async (request) => (await exchange.ask(request)) as Answer,
  };
}

/** Round 0 warms up both sides and does not count. Each round asks of a key nobody has seen: cold, then warm. */
async function measureRow({ data, sluice, whole }: Sides, row: Row, round: number): Promise<void> {
  const { kind, question } = row;
  const key = `round-${round}/${questions.indexOf(question)}/lines.${kind}`;
  await data.addKey(key, kind);
  for (const [ours, theirs] of [row.cold, row.warm]) {
    const mine = await sluice.call(question.tool, question.arguments(`s3://bench/${key}`));
    const other = await whole({ key, sql: question.sql });
    checkSame(mine, other, `${kind}, ${question.name}`);
    if (round === 0) continue;
    ours.push(mine.ms);
    theirs.push(other.ms);
  }
}

/** Both sides may write a value in their own way (a 64-bit number as text), but not have another one. */
function checkSame(mine: Answer, other: Answer, what: string): void {
  const comparable = ({ rows }: Answer) => JSON.stringify(rows.map((row) => row.map(String)));
  if (comparable(mine) === comparable(other)) return;
  throw new Error(
    `The answers differ: ${what}: ${comparable(mine).slice(0, 300)} / ${comparable(other).slice(0, 300)}`,
  );
}

function sectionOf(rows: readonly Row[], { sizeBytes, rows: lines }: BenchData, rounds: number): Section {
  const megabytes = (kind: FileKind) => `${Math.round(sizeBytes[kind] / 1e6)} MB`;
  const ms = (values: readonly number[]) => `${median(values).toFixed(0)} ms`;
  const ratio = ([ours, theirs]: [number[], number[]]) => times(median(theirs) / median(ours));
  return {
    title: "Reading from S3 against fetching the whole object",
    about:
      `${lines.toLocaleString("en-US")} rows of 12 columns: ${megabytes("parquet")} of Parquet, ${megabytes("csv")} of CSV, behind a link of ` +
      `${firstByteMs} ms to the first byte and ${bytesPerSecond / 1e6} MB/s per connection; medians of ${rounds} rounds. Sluice: a call over HTTP to the ` +
      "built server. Whole: GetObject with the AWS SDK to disk, then DuckDB in the same process. Cold: nobody has seen " +
      "the object. Warm: the same question again. Both sides' answers are compared.",
    columns: [
      "",
      "Sluice cold",
      "whole cold",
      "whole ÷ Sluice",
      "Sluice warm",
      "whole warm",
      "whole ÷ Sluice",
    ],
    rows: rows.map(({ kind, question, cold, warm }) => [
      `${kind}: ${question.name}`,
      ms(cold[0]),
      ms(cold[1]),
      ratio(cold),
      ms(warm[0]),
      ms(warm[1]),
      ratio(warm),
    ]),
    goals: [],
  };
}
