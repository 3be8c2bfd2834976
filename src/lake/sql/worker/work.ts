import { checkTables, passGate } from "../gate/gate.ts";
import { databaseKey, isHeld } from "../database-key.ts";
import type { FileReads, Job } from "../protocol.ts";
import { analyzeScan } from "./analyze.ts";
import { convertText } from "./convert.ts";
import { Instances, openParser } from "./database.ts";
import { filterRows } from "./filter-rows.ts";
import { inspectCsv } from "./inspect.ts";
import { KeptDatabases } from "./kept-database.ts";
import type { Report } from "./report.ts";
import { runStatement } from "./run.ts";
import { runHeld } from "./run-held.ts";

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

export async function openWork(): Promise<Work> {
  const serialize = await openParser();
  const instances = new Instances();
  const kept = new KeptDatabases();
  const leftovers: (() => void)[] = [];
  const later = (work: () => void) => void leftovers.push(work);
  return {
    async run(job, { report, fetch }) {
      if (job.kind === "plan") return passGate(job.sql, serialize);
      if (job.kind === "analyze") return analyzeScan(job, report);
      if (job.kind === "filter") return filterRows(instances, job);
      const key = databaseKey(job);
      if (key === undefined) kept.close();
      if (job.kind === "convert") return convertText(job, report);
      if (job.kind === "inspect") return inspectCsv(job, { report, fetch, instances });
      const statement = await passGate(job.sql, serialize);
      checkTables(
        statement,
        job.tables.flatMap(({ names }) => names),
      );
      if (key !== undefined && isHeld(job)) return runHeld(job, statement, key, { report, instances, kept, later });
      return runStatement(job, statement, {
        report,
        instances,
        later,
        kept: key === undefined ? undefined : { key, databases: kept },
        fetch(reads, isCheck = false) {
          // Both make the allocator give back what it has: best while the network is waited for.
          if (!isCheck) {
            kept.closeOthers();
            instances.prepare(job);
          }
          return fetch(reads, isCheck);
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
