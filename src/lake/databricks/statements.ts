import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { goingOn } from "../../core/outside.ts";
import type { LakeScope } from "../scope.ts";
import { orStopped, pause, stopError } from "../stores/stopped.ts";
import type { Rest } from "./rest.ts";
import { parseSparkType, type SparkType } from "./spark-type.ts";
import { statementFault } from "./statement-faults.ts";

const base = "/api/2.0/sql/statements";
/** How long the first answer may wait for the result. The API takes 5 to 50 seconds. */
const firstWait = "5s";
const firstPauseMs = 250;
const longestPauseMs = 3_000;
/** JSON writes values longer than Databricks counts them. */
const maxAnswerBytes = 64 * 1024 * 1024;
const cancelMs = 15_000;

const row = z.array(z.union([z.string(), z.null()]));
const resultData = z.object({
  row_offset: z.int().optional(),
  data_array: z.array(row).default([]),
  next_chunk_index: z.int().optional(),
});
const answer = z.object({
  statement_id: z.string().regex(/^[\w-]{1,128}$/),
  status: z.object({
    state: z.enum(["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "CLOSED"]),
    error: z.object({ error_code: z.string().optional(), message: z.string().optional() }).optional(),
    sql_state: z.string().optional(),
  }),
  manifest: z
    .object({
      schema: z.object({
        columns: z.array(z.object({ name: z.string(), type_text: z.string().default("") })).default([]),
      }),
      total_row_count: z.int().optional(),
      truncated: z.boolean().default(false),
    })
    .optional(),
  result: resultData.optional(),
});
type Answer = z.output<typeof answer>;

export interface StatementRequest {
  /** Proven and written by `gateStatement`. */
  sql: string;
  /** Rows at most; left out: as many as the byte bound holds. */
  maxRows?: number;
}

/** A finished statement. Its rows are fetched as they are read. */
export interface StatementResult {
  id: string;
  columns: { name: string; type: SparkType }[];
  /** Rows there are to read, where the manifest tells. */
  rowCount: number | undefined;
  /** The row or byte bound cut the result. */
  isCut: boolean;
  rows: AsyncIterable<(string | null)[][]>;
}

/** Runs statements on one warehouse. A statement that nobody will come back for is canceled there. */
export interface Statements {
  run(request: StatementRequest, scope: LakeScope): Promise<StatementResult>;
  /** Cancels one. Throws where Databricks does not take that. */
  stop(id: string, signal: AbortSignal): Promise<void>;
}

export interface StatementsOptions {
  warehouseId: string;
  maxResultBytes: number;
  now(): number;
}

const subject = {
  about: "the statement",
  grant: "CAN USE on the warehouse, SELECT on the tables, USE SCHEMA and USE CATALOG",
};

export function createStatements(rest: Rest, options: StatementsOptions): Statements {
  const stop = async (id: string, signal: AbortSignal) => {
    const path = `${base}/${encodeURIComponent(id)}/cancel`;
    await rest.send({ method: "POST", path, ...subject, answer: z.unknown() }, signal);
  };
  const cancel = (id: string) => stop(id, AbortSignal.timeout(cancelMs)).catch(() => {});
  return {
    stop,
    async run(request, scope) {
      const resumed = scope.outside?.resumes;
      const first = resumed
        ? await look(rest, resumed.id, scope).catch(asGoingOn(scope))
        : await start(rest, options, request, scope, cancel);
      if (!resumed) scope.outside?.began({ system: "databricks", id: first.statement_id, notes: [] });
      return resultOf(rest, await finish(rest, first, options, scope, cancel), scope);
    },
  };
}

/** Once sent, the statement runs: its id is waited for even when nobody wants its rows, to cancel it. */
async function start(
  rest: Rest,
  { warehouseId, maxResultBytes }: StatementsOptions,
  { sql, maxRows }: StatementRequest,
  { signal, outside }: LakeScope,
  cancel: (id: string) => Promise<unknown>,
): Promise<Answer> {
  const body = {
    statement: sql,
    warehouse_id: warehouseId,
    wait_timeout: firstWait,
    on_wait_timeout: "CONTINUE",
    disposition: "INLINE",
    format: "JSON_ARRAY",
    byte_limit: maxResultBytes,
    ...(maxRows === undefined ? {} : { row_limit: maxRows }),
  };
  if (signal.aborted) throw stopError(signal);
  outside?.beginning();
  const sent = rest.send(
    { method: "POST", path: base, body, ...subject, answer, maxBytes: maxAnswerBytes },
    new AbortController().signal,
  );
  try {
    return await orStopped(sent, signal);
  } catch (thrown) {
    if (signal.aborted) sent.then(({ statement_id }) => cancel(statement_id)).catch(() => {});
    throw thrown;
  }
}

function look(rest: Rest, id: string, { signal }: LakeScope): Promise<Answer> {
  const path = `${base}/${encodeURIComponent(id)}`;
  return rest.send({ method: "GET", path, ...subject, answer, maxBytes: maxAnswerBytes }, signal);
}

async function finish(
  rest: Rest,
  first: Answer,
  { now }: StatementsOptions,
  scope: LakeScope,
  cancel: (id: string) => Promise<unknown>,
): Promise<Answer> {
  const { signal, progress, outside } = scope;
  const startedMs = now();
  let found = first;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const { state } = found.status;
    if (state === "SUCCEEDED") return found;
    if (state !== "PENDING" && state !== "RUNNING") throw statementFault(found.status);
    const message = state === "PENDING" ? "waiting for the warehouse" : "running on the warehouse";
    progress({ done: Math.round((now() - startedMs) / 1000), message });
    try {
      await pause(pauseMs, signal);
      found = await look(rest, first.statement_id, scope).catch(asGoingOn(scope));
    } catch (thrown) {
      // Looked at in vain, one that is resumed is asked for again; nobody would come back for another.
      const isUnwanted = signal.aborted ? !outside?.isLeaving() : !outside?.resumes;
      if (isUnwanted) await cancel(first.statement_id);
      throw thrown;
    }
  }
}

/** A look in vain says nothing of the statement, which is not stopped for it. */
function asGoingOn({ outside, signal }: LakeScope): (thrown: unknown) => never {
  return (thrown) => {
    throw outside?.resumes && !signal.aborted ? goingOn(thrown) : thrown;
  };
}

function resultOf(rest: Rest, found: Answer, scope: LakeScope): StatementResult {
  const { manifest, statement_id: id } = found;
  if (!manifest) throw offForm("has no manifest");
  const columns = manifest.schema.columns.map((column) => ({
    name: column.name,
    type: parseSparkType(column.type_text),
  }));
  const rowCount = manifest.total_row_count;
  const rows = rowsOf(rest, found, { width: columns.length, rowCount }, scope);
  return { id, columns, rowCount, isCut: manifest.truncated, rows };
}

/** Chunk by chunk. Throws where rows are missing, doubled or of another width: never a part of a result. */
async function* rowsOf(
  rest: Rest,
  { statement_id: id, result }: Answer,
  { width, rowCount }: { width: number; rowCount: number | undefined },
  { signal, progress }: LakeScope,
): AsyncGenerator<(string | null)[][]> {
  let readRows = 0;
  let chunk = result;
  let index = 0;
  while (chunk) {
    const { data_array: rows, row_offset: offset, next_chunk_index: next } = chunk;
    if (rows.length > 0 && offset !== undefined && offset !== readRows) throw offForm("skips rows");
    if (rows.some((values) => values.length !== width)) throw offForm("has rows of another width");
    readRows += rows.length;
    yield rows;
    progress({
      done: readRows,
      ...(rowCount === undefined ? {} : { total: rowCount }),
      message: "rows fetched",
    });
    if (next === undefined) break;
    if (next <= index) throw offForm("goes back to an earlier part");
    index = next;
    const path = `${base}/${id}/result/chunks/${next}`;
    chunk = await rest.send(
      { method: "GET", path, ...subject, answer: resultData, maxBytes: maxAnswerBytes },
      signal,
    );
  }
  if (rowCount !== undefined && readRows !== rowCount) throw offForm(`has ${readRows} of ${rowCount} rows`);
}

function offForm(what: string): ToolError {
  return new ToolError("unavailable", `Databricks' result ${what}. Run the statement again.`);
}
