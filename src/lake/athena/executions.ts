import { setTimeout as sleep } from "node:timers/promises";
import type { QueryExecution } from "@aws-sdk/client-athena";
import { ToolError } from "../../core/errors.ts";
import type { AthenaSettings } from "../settings.ts";
import { queryError } from "./aws-errors.ts";
import type { AwsSender } from "./clients.ts";

/** One query as Athena has it now. Its id is good for as long as Athena remembers it: 45 days. */
export interface ExecutionState {
  /** Athena's own, which outlives this server. */
  id: string;
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  /** So far, while it runs. */
  bytesScanned: number;
  durationMs: number;
  /** Of a failed or cancelled one: what to throw. */
  fault?: ToolError;
  /** What was started, without the mark of its owner. */
  sql: string;
  /** Whether Athena gave an older result again, and scanned nothing. */
  isReused: boolean;
}

/** What is started: the very text Athena gets. */
export interface StartRequest {
  sql: string;
  /** The same token never starts a second query. 32 to 128 characters. */
  token: string;
  /** Marks whose query it is. */
  owner: string;
}

/** Waits between looks at a query: the first, and the longest it grows to. Milliseconds. */
export interface PollTimes {
  firstMs: number;
  mostMs: number;
}

/**
 * Queries of one workgroup, told apart by their owner: what another caller started is answered as if it were not there.
 * All methods throw `not_found`, `denied`, `throttled`, `unavailable`.
 */
export interface Executions {
  start(request: StartRequest, signal: AbortSignal): Promise<string>;
  poll(id: string, owner: string, signal: AbortSignal): Promise<ExecutionState>;
  /** Stops a query and looks until Athena says that it has ended. */
  stop(id: string, owner: string, signal: AbortSignal): Promise<ExecutionState>;
}

const growth = 1.5;
/** Looks in vain for the end of a stopped query before it is said not to have ended. */
const maxStopPolls = 30;

/** Source: Athena StartQueryExecution, GetQueryExecution, StopQueryExecution. */
export function createExecutions(sender: AwsSender, settings: AthenaSettings, times: PollTimes): Executions {
  const poll: Executions["poll"] = async (id, owner, signal) => {
    const { GetQueryExecutionCommand } = await import("@aws-sdk/client-athena");
    const { QueryExecution: found } = await sender.send("athena", "the query's state", signal, ({ athena }) =>
      athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }), { abortSignal: signal }),
    );
    if (!found?.Query?.trimStart().startsWith(ownerMark(owner)) || found.WorkGroup !== settings.workgroup) {
      throw new ToolError("not_found", "There is no such query of yours. Run the statement again.");
    }
    const sql = found.Query.trim().slice(ownerMark(owner).length);
    return stateOf(id, sql, found);
  };
  return {
    poll,
    async start({ sql, token, owner }, signal) {
      const { StartQueryExecutionCommand } = await import("@aws-sdk/client-athena");
      const command = new StartQueryExecutionCommand({
        QueryString: `${ownerMark(owner)}${sql}`,
        ClientRequestToken: token,
        QueryExecutionContext: { Catalog: settings.catalog },
        WorkGroup: settings.workgroup,
        ...(settings.outputLocation === undefined
          ? {}
          : { ResultConfiguration: { OutputLocation: settings.outputLocation } }),
      });
      const about = `a query in the workgroup ${settings.workgroup}`;
      const { QueryExecutionId: id } = await sender.send("athena", about, signal, ({ athena }) =>
        athena.send(command),
      );
      if (id === undefined) throw new ToolError("unavailable", "Athena gave the query no id. Try again.");
      return id;
    },
    async stop(id, owner, signal) {
      const { StopQueryExecutionCommand } = await import("@aws-sdk/client-athena");
      let state = await poll(id, owner, signal);
      for (let turn = 0; turn < maxStopPolls && !isOver(state); turn++) {
        // Sent again now and then: a query that is just being started may miss the first one.
        if (turn % 10 === 0) {
          const command = new StopQueryExecutionCommand({ QueryExecutionId: id });
          await sender.send("athena", "the end of a query", signal, ({ athena }) => athena.send(command));
        }
        state = await poll(id, owner, signal);
        if (!isOver(state)) await sleep(pauseMs(times, turn), undefined, { signal });
      }
      return state;
    },
  };
}

/** Starts what Athena keeps as the query's text, so that whose it is is known as long as the query is. */
function ownerMark(owner: string): string {
  return `/* sluice:${owner} */ `;
}

/** How long to wait after the look number `turn`, from 0. */
export function pauseMs({ firstMs, mostMs }: PollTimes, turn: number): number {
  return Math.min(mostMs, firstMs * growth ** turn);
}

/** Whether Athena has done with it. */
export function isOver({ state }: ExecutionState): boolean {
  return state !== "queued" && state !== "running";
}

const states = {
  QUEUED: "queued",
  RUNNING: "running",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
} as const;

function stateOf(id: string, sql: string, { Status, Statistics }: QueryExecution): ExecutionState {
  const state = states[Status?.State ?? "QUEUED"];
  const bytesScanned = Statistics?.DataScannedInBytes ?? 0;
  const found = {
    id,
    sql,
    state,
    bytesScanned,
    durationMs: Statistics?.TotalExecutionTimeInMillis ?? Statistics?.EngineExecutionTimeInMillis ?? 0,
    isReused: Statistics?.ResultReuseInformation?.ReusedPreviousResult ?? false,
  };
  const reason = Status?.AthenaError?.ErrorMessage ?? Status?.StateChangeReason ?? "";
  const details = { executionId: id, bytesScanned };
  if (state === "failed" || (state === "cancelled" && /bytes scanned limit/i.test(reason))) {
    const { ErrorCategory: category, Retryable: isRetryable = false } = Status?.AthenaError ?? {};
    return { ...found, fault: queryError({ reason, category, isRetryable }, details) };
  }
  if (state !== "cancelled") return found;
  const message = "The query was cancelled in Athena, not by this call. Run it again if it is still wanted.";
  return {
    ...found,
    fault: new ToolError("unavailable", message, { details: { ...details, wasCancelled: true } }),
  };
}
