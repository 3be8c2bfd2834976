import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** What a statement does, as a test says it. */
export interface StatementOutcome {
  columns?: { name: string; type_text: string }[];
  rows?: (string | null)[][];
  rowsPerChunk?: number;
  /** Polls after which it is done; 0: within the first wait. */
  polls?: number;
  /** How long the first answer takes. */
  holdMs?: number;
  truncated?: boolean;
  error?: { error_code: string; message: string };
  sqlState?: string;
}

export type StatementScript = (sql: string) => StatementOutcome;

/** Members of the API's request, and no others. Source: Statement Execution API 2.0, ExecuteStatement. */
const executeRequest = z.strictObject({
  statement: z.string().min(1),
  warehouse_id: z.string(),
  wait_timeout: z
    .string()
    .regex(/^(0|[5-9]|[1-4]\d|50)s$/)
    .optional(),
  on_wait_timeout: z.enum(["CONTINUE", "CANCEL"]).optional(),
  disposition: z.literal("INLINE").optional(),
  format: z.literal("JSON_ARRAY").optional(),
  byte_limit: z.int().min(1).optional(),
  row_limit: z.int().min(1).optional(),
});

interface Shelved {
  id: string;
  sql: string;
  request: z.output<typeof executeRequest>;
  outcome: StatementOutcome;
  pollsLeft: number;
  isCanceled: boolean;
}

/** Statements of a workspace: accepted, polled, read by chunks, canceled. */
export class StatementShelf {
  readonly all: Shelved[] = [];
  script: StatementScript;

  constructor(script: StatementScript) {
    this.script = script;
  }

  async execute(body: string, warehouse: string): Promise<{ status: number; body: unknown }> {
    const parsed = executeRequest.safeParse(JSON.parse(body));
    if (!parsed.success) return refusal(400, "INVALID_PARAMETER_VALUE", parsed.error.message);
    const request = parsed.data;
    if (request.warehouse_id !== warehouse)
      return refusal(404, "RESOURCE_DOES_NOT_EXIST", `warehouse ${request.warehouse_id} does not exist`);
    const outcome = this.script(request.statement);
    const id = `01f0${String(this.all.length).padStart(4, "0")}-aaaa-bbbb-cccc-000000000000`;
    const { polls = 0 } = outcome;
    this.all.push({ id, sql: request.statement, request, outcome, pollsLeft: polls, isCanceled: false });
    if (outcome.holdMs) await sleep(outcome.holdMs);
    return { status: 200, body: this.answer(id) };
  }

  poll(id: string): unknown {
    const found = this.all.find((one) => one.id === id);
    if (found && found.pollsLeft > 0) found.pollsLeft--;
    return found && this.answer(id);
  }

  chunk(id: string, index: number): unknown {
    const found = this.all.find((one) => one.id === id);
    return found && !found.isCanceled ? chunkOf(found, index) : undefined;
  }

  cancel(id: string): void {
    const found = this.all.find((one) => one.id === id);
    if (found) found.isCanceled = true;
  }

  private answer(id: string): unknown {
    const found = this.all.find((one) => one.id === id);
    if (!found) return undefined;
    const { outcome } = found;
    if (found.isCanceled) return { statement_id: id, status: { state: "CANCELED" } };
    if (found.pollsLeft > 0)
      return { statement_id: id, status: { state: found.pollsLeft > 1 ? "PENDING" : "RUNNING" } };
    if (outcome.error) {
      const state = outcome.sqlState === undefined ? {} : { sql_state: outcome.sqlState };
      return { statement_id: id, status: { state: "FAILED", error: outcome.error, ...state } };
    }
    return {
      statement_id: id,
      status: { state: "SUCCEEDED" },
      manifest: manifestOf(found),
      result: chunkOf(found, 0) ?? {},
    };
  }
}

function refusal(status: number, errorCode: string, message: string) {
  return { status, body: { error_code: errorCode, message } };
}

/** Rows of each chunk; a result without rows has none. */
function chunksOf({ outcome: { rows = [], rowsPerChunk = 1000 }, request }: Shelved) {
  const given = rows.slice(0, request.row_limit ?? rows.length);
  const count = Math.ceil(given.length / rowsPerChunk);
  return Array.from({ length: count }, (_, index) => ({
    rows: given.slice(index * rowsPerChunk, (index + 1) * rowsPerChunk),
    offset: index * rowsPerChunk,
  }));
}

function manifestOf(found: Shelved) {
  const { columns = [], rows = [], truncated } = found.outcome;
  const chunks = chunksOf(found);
  return {
    format: "JSON_ARRAY",
    schema: {
      column_count: columns.length,
      columns: columns.map((column, position) => ({ ...column, position })),
    },
    total_chunk_count: chunks.length,
    chunks: chunks.map((chunk, index) => ({
      chunk_index: index,
      row_offset: chunk.offset,
      row_count: chunk.rows.length,
    })),
    total_row_count: chunks.reduce((sum, chunk) => sum + chunk.rows.length, 0),
    truncated: truncated ?? (found.request.row_limit ?? rows.length) < rows.length,
  };
}

function chunkOf(found: Shelved, index: number): unknown {
  const chunks = chunksOf(found);
  const chunk = chunks[index];
  if (!chunk) return undefined;
  const next =
    index + 1 < chunks.length
      ? {
          next_chunk_index: index + 1,
          next_chunk_internal_link: `/api/2.0/sql/statements/${found.id}/result/chunks/${index + 1}`,
        }
      : {};
  return {
    chunk_index: index,
    row_offset: chunk.offset,
    row_count: chunk.rows.length,
    data_array: chunk.rows,
    ...next,
  };
}
