import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Corpus, CorpusDataset } from "./corpus/dataset.ts";
import type { FuzzTable } from "./schema.ts";
import type { Answer } from "./whole-files.ts";

export type OracleJob =
  | { kind: "corpus"; place: string; seed: number; golden: string }
  | { kind: "tables"; datasets: CorpusDataset[] }
  | { kind: "answer"; sql: string };

export type OracleReply =
  | { kind: "corpus"; corpus: Corpus }
  | { kind: "tables"; tables: FuzzTable[]; unreadable: string[] }
  | ({ kind: "answer" } & Answer);

/** A plain DuckDB over whole files, in a process that is begun again when a statement or a file kills it. */
export interface Oracle {
  corpus: Corpus;
  tables: FuzzTable[];
  unreadable: string[];
  answer(sql: string): Promise<Answer>;
  /** How often a statement ended its process. */
  crashes(): number;
  stop(): void;
}

class TookTooLong extends Error {}

const script = fileURLToPath(new URL("./oracle-child.ts", import.meta.url));
const timeoutMs = 60_000;

/** Makes the corpus of a seed in `place` and opens it. */
export async function startOracle(options: { place: string; seed: number; golden: string }): Promise<Oracle> {
  let child = await start();
  let crashes = 0;
  const made = await ask(child, { kind: "corpus", ...options }, "corpus");
  const readable = await open(child, made.corpus.datasets);
  child = readable.child;
  const startAnew = async () => {
    crashes++;
    child.kill("SIGKILL");
    child = (await open(await start(), made.corpus.datasets)).child;
  };
  return {
    corpus: made.corpus,
    tables: readable.tables,
    unreadable: readable.unreadable,
    async answer(sql) {
      try {
        return await ask(child, { kind: "answer", sql }, "answer");
      } catch (thrown) {
        await startAnew();
        if (!(thrown instanceof TookTooLong)) return { error: String(thrown) };
      }
      // A machine that was busy or stopped says nothing of the statement: it is asked once more.
      try {
        return await ask(child, { kind: "answer", sql }, "answer");
      } catch (thrown) {
        await startAnew();
        return { error: String(thrown) };
      }
    },
    crashes: () => crashes,
    stop: () => child.kill("SIGKILL"),
  };
}

/** Opens one dataset after another, as a damaged file may kill the process. */
async function open(first: ChildProcess, datasets: readonly CorpusDataset[]) {
  const tables: FuzzTable[] = [];
  const unreadable: string[] = [];
  let child = first;
  for (const dataset of datasets) {
    try {
      const reply = await ask(child, { kind: "tables", datasets: [dataset] }, "tables");
      tables.push(...reply.tables);
      unreadable.push(...reply.unreadable);
    } catch {
      unreadable.push(`${dataset.name} (ends the process)`);
      child.kill("SIGKILL");
      child = (await open(await start(), datasets.slice(0, datasets.indexOf(dataset)))).child;
    }
  }
  return { child, tables, unreadable };
}

function start(): Promise<ChildProcess> {
  const child = fork(script, { execArgv: ["--import", "tsx"] });
  return new Promise((resolve, reject) => {
    child.once("message", () => resolve(child));
    child.once("exit", (code) => reject(new Error(`The oracle's process ended with ${code}.`)));
  });
}

function ask<K extends OracleReply["kind"]>(
  child: ChildProcess,
  job: OracleJob,
  kind: K,
): Promise<Extract<OracleReply, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(new TookTooLong("The oracle took too long."))),
      timeoutMs,
    );
    const onExit = (code: number | null, signal: string | null) =>
      settle(() => reject(new Error(`The oracle's process ended: ${code ?? signal}.`)));
    const onMessage = (reply: OracleReply | { kind: "failed"; message: string }) =>
      settle(() => {
        if (reply.kind === kind) resolve(reply as Extract<OracleReply, { kind: K }>);
        else reject(new Error(reply.kind === "failed" ? reply.message : `The oracle said ${reply.kind}.`));
      });
    const settle = (end: () => void) => {
      clearTimeout(timer);
      child.off("exit", onExit);
      child.off("message", onMessage);
      end();
    };
    child.once("exit", onExit);
    child.once("message", onMessage);
    child.send(job);
  });
}
