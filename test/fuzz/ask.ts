import { ToolError } from "../../src/core/errors.ts";
import type { DatasetRows } from "../../src/lake/lake.ts";
import type { LakeScope } from "../../src/lake/scope.ts";
import { compare, compareSequence, type Verdict } from "./compare.ts";
import type { FuzzLake } from "./fuzz-lake.ts";
import type { Question, RowsQuestion, SqlQuestion } from "./grammar/statement.ts";
import { quoted } from "./schema.ts";
import type { Answer } from "./whole-files.ts";

/** What one question came to. */
export interface Outcome {
  verdict: Verdict;
  /** The lake's own words, where it failed. */
  fault: string | undefined;
  /** The fault is one of the server's or of a worker that was lost. */
  isCrash: boolean;
  reruns: number;
  /** Bytes the server of objects sent meanwhile. */
  fetchedBytes: number;
  requests: number;
  /** Bytes of all files of the tables. */
  sizeBytes: number;
}

/** More than any result here holds: pages are asked for by `readRows` alone. */
const unbounded = { maxRows: 10_000_000, maxBytes: 512 * 1024 ** 2 };

/** Asks the lake and the oracle. `scope` says whose cache is used. */
export async function ask(fuzz: FuzzLake, question: Question, scope: LakeScope): Promise<Outcome> {
  const before = { bytes: fuzz.server.sentBytes(), requests: fuzz.server.requests.length };
  const names = question.kind === "sql" ? question.tables : [question.table];
  const sizeBytes = fuzz.tables
    .filter(({ name }) => names.includes(name))
    .reduce((sum, table) => sum + table.sizeBytes, 0);
  const got =
    question.kind === "sql" ? await askSql(fuzz, question, scope) : await askRows(fuzz, question, scope);
  const fetchedBytes = fuzz.server.sentBytes() - before.bytes;
  const requests = fuzz.server.requests.length - before.requests;
  const verdict =
    question.kind === "sql"
      ? await judgeSql(fuzz, question, got.answer)
      : await judgeRows(fuzz, question, got);
  return {
    verdict,
    fault: "error" in got.answer ? got.answer.error : undefined,
    isCrash: got.isCrash,
    reruns: got.reruns,
    fetchedBytes,
    requests,
    sizeBytes,
  };
}

interface Got {
  answer: Answer;
  isCrash: boolean;
  reruns: number;
  /** Whether the last page said that more rows follow. */
  more: boolean;
}

async function askSql(fuzz: FuzzLake, { sql, tables }: SqlQuestion, scope: LakeScope): Promise<Got> {
  const uris = fuzz.tables.filter(({ name }) => tables.includes(name));
  const sources = Object.fromEntries(uris.map(({ name, uri }) => [name, { uri }]));
  return settle(async () => [await fuzz.lake.query({ sql, sources, ...unbounded }, scope)]);
}

async function askRows(fuzz: FuzzLake, question: RowsQuestion, scope: LakeScope): Promise<Got> {
  const { columns, filter, maxRows, pages } = question;
  const uri = tableOf(fuzz, question.table).uri;
  const filtered = filter === undefined ? {} : { filter };
  return settle(async () => {
    const read: DatasetRows[] = [];
    for (let page = 0; page < pages; page++) {
      const cursor = read.at(-1)?.cursor;
      if (page > 0 && cursor === undefined) break;
      const place = cursor === undefined ? {} : { cursor };
      read.push(
        await fuzz.lake.readRows(
          { uri, columns, ...filtered, maxRows, maxBytes: unbounded.maxBytes, ...place },
          scope,
        ),
      );
    }
    return read;
  });
}

/**
 * Faults of these codes are answers, and have to be the whole files' answer too; others are the server's own, whatever
 * the question was.
 */
const answers = ["invalid_input", "not_found", "unsupported", "too_large"];

async function settle(work: () => Promise<DatasetRows[]>): Promise<Got> {
  try {
    const pages = await work();
    const reruns = pages.reduce((sum, { hydration }) => sum + (hydration?.reruns ?? 0), 0);
    const rows = pages.flatMap(({ rows }) => rows);
    return {
      answer: { columns: pages[0]?.columns ?? [], rows },
      isCrash: false,
      reruns,
      more: pages.at(-1)?.more ?? false,
    };
  } catch (thrown) {
    const isAnswer = thrown instanceof ToolError && answers.includes(thrown.code);
    const code = thrown instanceof ToolError ? `${thrown.code}: ` : "";
    return { answer: { error: `${code}${String(thrown)}` }, isCrash: !isAnswer, reruns: 0, more: false };
  }
}

async function judgeSql(fuzz: FuzzLake, question: SqlQuestion, got: Answer): Promise<Verdict> {
  const expected = await fuzz.oracle.answer(question.sql);
  const whole =
    question.cut && !("error" in got) ? await fuzz.oracle.answer(question.cut.wholeSql) : undefined;
  return compare(question, got, expected, whole);
}

async function judgeRows(fuzz: FuzzLake, question: RowsQuestion, { answer, more }: Got): Promise<Verdict> {
  const { columns, filter, maxRows, pages } = question;
  const list = columns.length === 0 ? "*" : columns.map(quoted).join(", ");
  const where = filter === undefined ? "" : ` WHERE ${filter}`;
  const limit = maxRows * pages;
  const expected = await fuzz.oracle.answer(
    `SELECT ${list} FROM ${quoted(question.table)} dataset${where} LIMIT ${limit + 1}`,
  );
  if ("error" in answer || "error" in expected) return compare({ orderedBy: [] }, answer, expected);
  const follows = expected.rows.length > limit;
  const wrong = compareSequence(answer, { ...expected, rows: expected.rows.slice(0, limit) });
  return wrong ?? (more === follows ? undefined : `more is ${more} in place of ${follows}`);
}

function tableOf(fuzz: FuzzLake, name: string) {
  const table = fuzz.tables.find((one) => one.name === name);
  if (!table) throw new RangeError(`No table is called ${name}.`);
  return table;
}
