import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createGate, type Gate } from "../cache/in-turn.ts";
import { RecentMap } from "../recent-map.ts";
import { keptResults, type QuerySettings } from "../settings.ts";
import { convertThroughWorker } from "./convert-text.ts";
import type {
  AnalyzeRequest,
  ExportedFile,
  ExportRequest,
  FilterRequest,
  PlannedRead,
  PlanRequest,
  QueryRequest,
  RowPage,
  Scan,
  SqlEngine,
  SqlScope,
  StatementPlan,
  TextAnalysis,
} from "./engine.ts";
import { keepExported } from "./exported-file.ts";
import { hydrateIn, rangesOf } from "./hydrate-files.ts";
import { inspectThroughWorker } from "./inspect-text.ts";
import { type JobFolder, makeJobFolder } from "./job-folder.ts";
import { KnownPlans } from "./known-plans.ts";
import { makePool } from "./make-pool.ts";
import { pageOfReply } from "./page-of-reply.ts";
import { PreparedStore } from "./prepared-store.ts";
import {
  allRows,
  analyzeReply,
  exportPath,
  type Job,
  planReply,
  type RunJob,
  type RunReply,
  runReply,
} from "./protocol.ts";
import { ResultSpool } from "./result-spool.ts";
import { RowFilter } from "./row-filter.ts";
import { scansOf } from "./scan-identity.ts";
import { type LinkedTables, ScanLinks } from "./scan-links.ts";
import type { WorkerEntry } from "./worker-entry.ts";
import type { WorkerPool } from "./worker-pool.ts";
import type { Hydrate } from "./worker-process.ts";

export interface SqlEngineDeps {
  /** Milliseconds since the epoch. */
  now?: () => number;
  entry?: WorkerEntry;
  /** How long rows are kept for a cursor after they were last walked. */
  keepResultsMs?: number;
  /** How long a call waits for a free worker. */
  waitMs?: number;
  /** Calls that may wait. */
  maxWaiting?: number;
  /** Who keeps the bound on a worker's memory: the system where it can, on Linux, else the worker itself. */
  memoryKeptBy?: "system" | "worker";
  /** Bytes of text that a conversion gives the engine in one piece. */
  pieceBytes?: number;
  /** A folder in which cached files may get further names. Default: one of the engine's own. */
  newLinksFolder?: () => Promise<string>;
}

const rememberedStatements = 500;
/** Of each, at most. */
const rememberedChars = 10_000;

/** As long as a timer can be set to. */
const longestTimerMs = 2 ** 31 - 1;

/** The engine, and what only tests and diagnosis look at. */
export interface LocalSqlEngine extends SqlEngine {
  /** Process ids of the living workers. */
  workerPids(): number[];
  /** Starts the workers now rather than with the first call. */
  prewarm(): void;
}

/** Runs statements in query workers of this machine. `scratchDir` is made; what is in it is the engine's alone. */
export function createSqlEngine(
  settings: QuerySettings & { scratchDir: string },
  deps: SqlEngineDeps = {},
): LocalSqlEngine {
  return new WorkerSqlEngine(settings, deps);
}

class WorkerSqlEngine implements LocalSqlEngine {
  private readonly settings: QuerySettings & { scratchDir: string };
  private readonly root: string;
  private readonly pool: WorkerPool;
  private readonly prepared: PreparedStore;
  private readonly spool: ResultSpool;
  private made: Promise<unknown> | undefined;
  private readonly pieceBytes: number | undefined;
  private readonly plans = new KnownPlans();
  private readonly links: ScanLinks;
  /** Work as long as a download leaves a worker to others. */
  private readonly longGate: Gate;
  private readonly statements = new RecentMap<StatementPlan>(rememberedStatements);
  private readonly filters = new RowFilter();
  private readonly removing = new Set<Promise<void>>();

  constructor(settings: QuerySettings & { scratchDir: string }, deps: SqlEngineDeps) {
    this.settings = settings;
    this.pieceBytes = deps.pieceBytes;
    this.root = join(settings.scratchDir, `sql-${randomUUID()}`);
    this.pool = makePool(settings, deps, join(this.root, "workers"));
    this.prepared = new PreparedStore(join(this.root, "prepared"), settings.tempBytes);
    this.longGate = createGate(Math.max(1, settings.workers - 1));
    this.links = new ScanLinks({
      folder: join(this.root, "held"),
      prepared: this.prepared,
      newLinksFolder: deps.newLinksFolder ?? (async () => join(this.root, "links")),
    });
    this.spool = new ResultSpool({
      folder: join(this.root, "results"),
      maxBytes: settings.maxResultBytes * keptResults,
      keepMs: deps.keepResultsMs ?? 15 * 60_000,
      now: deps.now ?? Date.now,
    });
  }

  prewarm(): void {
    // A scratch directory that cannot be made is told by the first call.
    this.folderMade()
      .then(() => this.pool.prewarm())
      .catch(() => {});
  }

  /** What failed is tried again by the next call: the disk may be back. */
  private folderMade(): Promise<unknown> {
    this.made ??= mkdir(join(this.root, "workers"), { recursive: true, mode: 0o700 });
    return this.made.catch((thrown) => {
      this.made = undefined;
      throw thrown;
    });
  }

  workerPids = (): number[] => this.pool.pids();

  async plan(sql: string, scope: SqlScope): Promise<StatementPlan> {
    const known = this.statements.get(sql);
    if (known) return known;
    await this.folderMade();
    const plan = planReply.parse(await this.pool.run({ kind: "plan", sql }, scope, this.deadline()));
    if (sql.length <= rememberedChars) this.statements.set(sql, plan);
    return plan;
  }

  async run(request: QueryRequest, scope: SqlScope): Promise<RowPage> {
    const { sql, maxRows, maxBytes, keepRest } = request;
    const mostKeptBytes = Math.min(request.maxKeptBytes ?? Infinity, this.settings.maxResultBytes);
    const maxKeptBytes = keepRest ? mostKeptBytes : 0;
    return this.withTables(request, scope, { sql, maxRows, maxBytes, maxKeptBytes }, async (scans, reply) => {
      await this.prepared.keepFound(scans, reply.prepared);
      return pageOfReply(reply, request, this.spool, this.settings.maxResultBytes);
    });
  }

  async planReads(request: PlanRequest, scope: SqlScope): Promise<PlannedRead[]> {
    const bounds = { maxRows: 1, maxBytes: 1_000, maxKeptBytes: 0, planOnly: true };
    return this.withTables(request, scope, { sql: request.sql, ...bounds }, async (scans, { planned = [] }) =>
      planned.flatMap(({ table, file: index, offsets }) => {
        const file = scans[table]?.files[index];
        return file ? [{ file, ranges: rangesOf(offsets) }] : [];
      }),
    );
  }

  async exportRows(request: ExportRequest, scope: SqlScope): Promise<ExportedFile> {
    const { sql, tables: _tables, timeoutMs: _timeout, ...exportTo } = request;
    const what = { sql, maxRows: 0, maxBytes: 0, maxKeptBytes: 0, exportTo };
    return this.withTables(request, scope, what, async (scans, reply, folder) => {
      await this.prepared.keepFound(scans, reply.prepared);
      return keepExported(reply, exportPath(folder.path, exportTo.format), join(this.root, "exports"));
    });
  }

  /** Runs a job over the tables, in a folder of its own that is there until `use` is done with the reply. */
  private async withTables<T>(
    { tables: named, isReadBefore, timeoutMs }: PlanRequest,
    scope: SqlScope,
    what: Pick<RunJob, "sql" | "maxRows" | "maxBytes" | "maxKeptBytes" | "planOnly" | "exportTo">,
    use: (scans: Scan[], reply: RunReply, folder: JobFolder) => Promise<T>,
  ): Promise<T> {
    await this.folderMade();
    const deadlineMs = this.deadline(timeoutMs);
    const folder = await makeJobFolder(join(this.root, "calls"));
    const over = new AbortController();
    const late = setTimeout(() => over.abort(), Math.max(0, deadlineMs - performance.now()));
    let linked: LinkedTables | undefined;
    try {
      const scans = scansOf(named);
      linked = await this.links.tables(folder, named, !what.planOnly && !what.exportTo);
      // What such a statement reads is not known after it either: only what was missing is noted.
      const key = isReadBefore ? undefined : this.plans.keyOf({ sql: what.sql, tables: named });
      const known = what.planOnly ? undefined : this.plans.find(key);
      const { hydrate, keep } = this.plans.noting(hydrateIn(scans, over.signal));
      if (known) await hydrate(known.reads, false);
      const job: RunJob = {
        kind: "run",
        ...what,
        known: isReadBefore ? allRows : known && { isLimited: known.isLimited, rows: known.rows },
        tables: linked.tables,
        links: linked.links,
        folder: folder.path,
        ...this.limits(),
      };
      const reply = runReply.parse(await this.pool.run(job, scope, deadlineMs, hydrate));
      if (!what.planOnly) keep(key, reply);
      const answer = await use(scans, reply, folder);
      this.removeLater(folder);
      return answer;
    } catch (thrown) {
      await folder.remove();
      throw thrown;
    } finally {
      clearTimeout(late);
      over.abort();
      await linked?.remove();
    }
  }

  nextPage: SqlEngine["nextPage"] = (handle, offset, owner, bounds) =>
    this.spool.page(handle, offset, owner, bounds);

  async analyze({ scan }: AnalyzeRequest, scope: SqlScope): Promise<TextAnalysis> {
    await this.folderMade();
    const deadlineMs = this.deadline();
    const folder = await makeJobFolder(join(this.root, "calls"));
    try {
      const job = await this.links.of(folder, 0, scan);
      const limits = { folder: folder.path, ...this.limits() };
      const reply = analyzeReply.parse(
        await this.pool.run({ kind: "analyze", scan: job, ...limits }, scope, deadlineMs),
      );
      const { prepared, ...analysis } = reply;
      await this.prepared.keepFound(
        [{ ...scan, columns: scan.format === "csv" ? scan.columns : reply.columns }],
        prepared,
      );
      return analysis;
    } finally {
      await folder.remove();
    }
  }

  async filter(request: FilterRequest, scope: SqlScope): Promise<readonly number[] | undefined> {
    await this.folderMade();
    const run = (job: Job) => this.pool.run(job, scope, this.deadline());
    return this.filters.filter(request, { folder: join(this.root, "calls"), limits: this.limits(), run });
  }

  convert: SqlEngine["convert"] = (request, scope) =>
    convertThroughWorker({ ...this.longJobs(), pieceBytes: this.pieceBytes }, request, scope);
  inspect: SqlEngine["inspect"] = (request, scope) => inspectThroughWorker(this.longJobs(), request, scope);

  private longJobs() {
    return { folder: join(this.root, "calls"), limits: this.limits(), run: this.runLong };
  }

  async hold(scan: Scan, linksFolder?: string): Promise<() => Promise<void>> {
    await this.folderMade();
    return this.links.hold(scan, linksFolder);
  }
  private readonly runLong = async (job: Job, scope: SqlScope, hydrate?: Hydrate) => {
    await this.folderMade();
    const run = () => this.pool.run(job, scope, this.deadline(longestTimerMs), hydrate);
    return this.longGate(run, scope.signal);
  };

  async close(): Promise<void> {
    await this.made?.catch(() => {});
    await this.pool.close();
    await this.spool.close();
    await Promise.all(this.removing);
    await rm(this.root, { recursive: true, force: true });
  }

  /** Nobody waits for it: what is asked for is known already. */
  private removeLater(folder: JobFolder): void {
    const removed = folder.remove().catch(() => {});
    this.removing.add(removed);
    void removed.then(() => this.removing.delete(removed));
  }

  private deadline(timeoutMs = this.settings.timeoutMs): number {
    return performance.now() + timeoutMs;
  }

  private limits(): { memoryBytes: number; threads: number; tempBytes: number } {
    const { memoryBytes, threads, tempBytes } = this.settings;
    return { memoryBytes, threads, tempBytes };
  }
}
