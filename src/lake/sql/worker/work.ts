import { RecentMap } from "../../recent-map.ts";
import { databaseKey, isHeld } from "../database-key.ts";
import { checkTables, type PassedStatement, passGate, type SerializeSql } from "../gate/gate.ts";
import type { FileReads, Job, RunJob, RunReply } from "../protocol.ts";
import { analyzeScan } from "./analyze.ts";
import { convertText } from "./convert.ts";
import { Instances, openParser } from "./database.ts";
import { filterRows } from "./filter-rows.ts";
import { inspectCsv } from "./inspect.ts";
import { KeptDatabases } from "./kept-database.ts";
import type { Report } from "./report.ts";
import { type RunTools, runStatement } from "./run.ts";
import { type HeldTools, runHeld } from "./run-held.ts";

/** What a job has of the server. */
export interface JobTools {
  report: Report;
  /** Asks for parts of the job's files. */
  fetch(reads: FileReads[], isCheck: boolean): Promise<number>;
}

/** Does jobs, one at a time. */
export interface Work {
  run(job: Job, tools: JobTools): Promise<unknown>;
  /** The job with its tables' files where it came without; undefined where they are not known any more. */
  withFiles(job: Job): Job | undefined;
  /** Gives back what the last job held. To be called once its answer is on its way: nobody waits for this. */
  rest(): void;
  /** To be called when there is nothing to do: makes ready what the next job like this one takes. */
  prepare(job: Job): void;
}

type GatedTools = HeldTools & Pick<RunTools, "fetch">;

/** Statements that are remembered to have passed the gate, and how long each may be. */
const rememberedStatements = 50;
const rememberedChars = 20_000;

/** The gate goes by a statement's text alone: of one that passed it has nothing new to say. */
function rememberPassed(serialize: SerializeSql): (sql: string) => Promise<PassedStatement> {
  const passed = new RecentMap<PassedStatement>(rememberedStatements);
  return async (sql) => {
    const before = passed.get(sql);
    if (before) return before;
    const { tables, sessionNames, limitRows } = await passGate(sql, serialize);
    const statement = { tables, sessionNames, limitRows };
    if (sql.length <= rememberedChars) passed.set(sql, statement);
    return statement;
  };
}

export async function openWork(): Promise<Work> {
  const serialize = await openParser();
  const pass = rememberPassed(serialize);
  const instances = new Instances();
  const kept = new KeptDatabases();
  const leftovers: (() => void)[] = [];
  const later = (work: () => void) => void leftovers.push(work);
  // Both have the allocator give back what it keeps: best while the network is waited for.
  const makeReady = (job: RunJob) => {
    kept.closeOthers();
    instances.prepare(job);
  };
  return {
    async run(job, { report, fetch }) {
      if (job.kind === "plan") return passGate(job.sql, serialize);
      if (job.kind === "analyze") return analyzeScan(job, report);
      if (job.kind === "filter") return filterRows(instances, job);
      if (databaseKey(job) === undefined) kept.close();
      if (job.kind === "convert") return convertText(job, report);
      if (job.kind === "inspect") return inspectCsv(job, { report, fetch, instances });
      return runGated(job, await pass(job.sql), {
        report,
        instances,
        kept,
        later,
        fetch(reads, isCheck = false) {
          const answered = fetch(reads, isCheck);
          if (!isCheck) makeReady(job);
          return answered;
        },
      });
    },
    withFiles(job) {
      if (job.kind !== "run" || !job.isBrief) return job;
      const key = databaseKey(job);
      const tables = key === undefined ? undefined : kept.tablesOf(key);
      return tables && { ...job, tables, isBrief: false };
    },
    rest() {
      for (const giveBack of leftovers.splice(0)) giveBack();
      kept.closeOthers();
    },
    prepare(job) {
      if (kept.isEmpty && "threads" in job && job.kind !== "convert") instances.prepare(job);
    },
  };
}

async function runGated(job: RunJob, statement: PassedStatement, tools: GatedTools): Promise<RunReply> {
  checkTables(
    statement,
    job.tables.flatMap(({ names }) => names),
  );
  const key = databaseKey(job);
  if (key !== undefined && isHeld(job)) return runHeld(job, statement, key, tools);
  const kept = key === undefined ? undefined : { key, databases: tools.kept };
  return runStatement(job, statement, { ...tools, kept });
}
