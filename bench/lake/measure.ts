import { join } from "node:path";
import { type Children, jsonExchange } from "../children.ts";
import { differenceOf } from "./compare.ts";
import type { DatasetName, LakeData } from "./data.ts";
import { watchMemory } from "./memory.ts";
import { filesOf, neededBytes } from "./needed.ts";
import type { Question } from "./question.ts";
import { noSuchTier, type Row, type Sample, type SideName, sideNames, wrongAnswer } from "./results.ts";
import type { Link } from "./s3-model/link.ts";
import type { Traffic } from "./s3-model/model.ts";
import { settleDisk, settleMemory } from "./settle.ts";
import type { PolarsPlace } from "./sides/find-polars.ts";
import type { Answer, Place, Side } from "./sides/side.ts";
import { type Sides, startSides } from "./sides/start-sides.ts";

export interface MeasureOptions {
  children: Children;
  programAt: (name: string) => string;
  /** The built product. */
  product: string;
  data: LakeData;
  /** Files of the data, relative to its folder. */
  listed: readonly string[];
  link: Link;
  polars: PolarsPlace | { missing: string };
  rounds: number;
  /** What to ask about what. */
  wanted: readonly { dataset: DatasetName; question: Question }[];
  work: string;
  say(text: string): void;
}

interface Bench extends MeasureOptions {
  endpoint: string;
  takeTraffic(take: string): Promise<Traffic>;
}

/** Asks every side every question, cold and then again, in turns. Answers are compared with those of the local file. */
export async function measureLake(options: MeasureOptions): Promise<Row[]> {
  const { children, programAt, data, link, wanted, rounds } = options;
  const model = children.start(programAt("s3-model"), [data.folder, JSON.stringify(link)]);
  const exchange = jsonExchange(model);
  const { url } = (await exchange.next()) as { url: string };
  const bench: Bench = {
    ...options,
    endpoint: url,
    takeTraffic: async (take) => (await exchange.ask(take)) as Traffic,
  };
  const rows = wanted.map(({ dataset, question }) => ({ row: emptyRow(dataset, question.name), question }));
  const datasets = [...new Set(wanted.map(({ dataset }) => dataset))];
  for (let round = 0; round < rounds; round++) {
    for (const dataset of datasets) {
      const sides = await startSides({
        ...options,
        endpoint: url,
        work: join(options.work, `${dataset}-${round}`),
      });
      for (const { row, question } of rows.filter(({ row }) => row.dataset === dataset)) {
        options.say(`round ${round + 1} of ${rounds}, ${dataset}, ${question.name}`);
        await measureRow(bench, sides, row, question, round);
      }
      await sides.stop();
    }
  }
  await children.stop(model);
  return rows.map(({ row }) => row);
}

function emptyRow(dataset: DatasetName, question: string): Row {
  const none = (): Row["outcomes"][SideName] => ({ cold: [], warm: [] });
  return {
    dataset,
    question,
    outcomes: {
      Sluice: none(),
      "one GET": none(),
      "parallel GETs": none(),
      Polars: none(),
      "local DuckDB": none(),
    },
  };
}

/** Every round begins with the next side, so that none is always first. */
async function measureRow(
  bench: Bench,
  sides: Sides,
  row: Row,
  question: Question,
  round: number,
): Promise<void> {
  const answers = new Map<SideName, Answer[]>();
  const first = round % sideNames.length;
  for (const name of [...sideNames.slice(first), ...sideNames.slice(0, first)]) {
    const outcome = row.outcomes[name];
    if (outcome.failure !== undefined) continue;
    const side = sides.byName.get(name);
    const refusal = whyNot(sides, question, name);
    if (!side || refusal !== undefined) {
      outcome.failure = refusal ?? "was not started";
      continue;
    }
    const place = { dataset: row.dataset, take: takeName(row, name, round) };
    try {
      answers.set(name, await askTwice(bench, side, question, place, row, name));
    } catch (thrown) {
      outcome.failure = thrown instanceof Error ? thrown.message : String(thrown);
    }
    await side.forget(place.take);
  }
  if (question.sql !== "") compareAll(row, answers);
  row.neededBytes ??= await neededOf(bench, sides, row.dataset, question);
}

/** A name nobody has asked by: S3 model and sides see objects of their own. */
function takeName(row: Row, name: SideName, round: number): string {
  return `take-${round}-${row.dataset}-${row.question}-${name}`.replaceAll(/[^a-z0-9-]+/gi, "-");
}

/** Why a side is not asked a question at all. */
function whyNot(
  { sluice, missing }: Sides,
  { mode, tool, sql }: Question,
  name: SideName,
): string | undefined {
  if (missing.has(name)) return missing.get(name);
  if (mode === undefined) return undefined;
  if (name === "local DuckDB" && sql !== "") return undefined;
  if (name !== "Sluice") return noSuchTier;
  return sluice.profileModes.includes(mode) ? undefined : `${tool} has no mode "${mode}"`;
}

async function askTwice(
  bench: Bench,
  side: Side,
  question: Question,
  place: Place,
  row: Row,
  name: SideName,
): Promise<Answer[]> {
  await settleDisk();
  await settleMemory(mostUsedBytes(bench.data, place.dataset));
  const cold = await askOnce(bench, side, question, place);
  if (name !== "local DuckDB" && cold.sample.traffic.requests === 0) {
    throw new Error("It asked nothing of the store: it was not cold.");
  }
  await settleDisk();
  const warm = await askOnce(bench, side, question, place);
  row.outcomes[name].cold.push(cold.sample);
  row.outcomes[name].warm.push(warm.sample);
  return [cold.answer, warm.answer];
}

/** Memory that a cold question takes: the disk's cache of what is fetched, and some to work with. */
function mostUsedBytes({ sizeBytes }: LakeData, dataset: DatasetName): number {
  return 2.5 * (dataset === "csv" ? sizeBytes.csv : sizeBytes.parquet);
}

async function askOnce(bench: Bench, side: Side, question: Question, place: Place) {
  await bench.takeTraffic(place.take);
  const memory = watchMemory(side.pid);
  try {
    const answer = await side.ask(question, place);
    const traffic = await bench.takeTraffic(place.take);
    const sample: Sample = { ms: answer.ms, fetchMs: answer.fetchMs, traffic, memoryBytes: memory.stop() };
    return { answer, sample };
  } finally {
    memory.stop();
  }
}

/** What the local file says is right. A side that says otherwise has no times. */
function compareAll(row: Row, answers: ReadonlyMap<SideName, readonly Answer[]>): void {
  const reference = answers.get("local DuckDB")?.[0];
  if (!reference)
    throw new Error(`DuckDB did not answer from the local file: ${row.outcomes["local DuckDB"].failure}`);
  for (const [name, given] of answers) {
    for (const { rows } of given) {
      const difference = differenceOf(rows, reference.rows);
      if (difference !== undefined) row.outcomes[name].failure = `${wrongAnswer}${difference}`;
    }
  }
}

async function neededOf(bench: Bench, { byName }: Sides, dataset: DatasetName, question: Question) {
  const { touched } = question;
  if (!touched) return undefined;
  const local = byName.get("local DuckDB");
  let answerRows: number[] = [];
  if (touched.rowGroups?.kind === "answers" && local) {
    const found = await local.ask(
      { ...question, sql: touched.rowGroups.sql },
      { dataset, take: "take-needed" },
    );
    answerRows = found.rows.map(([row]) => Number(row));
  }
  const files = filesOf(dataset, bench.data, bench.listed);
  return neededBytes(dataset, touched, { data: bench.data, files, answerRows });
}
