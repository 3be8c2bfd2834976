import { ToolError } from "../../core/errors.ts";
import { goingOn } from "../../core/outside.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { pause, stopError } from "../stores/stopped.ts";
import {
  type ExecutionState,
  type Executions,
  isOver,
  type PollTimes,
  pauseMs,
  type StartRequest,
} from "./executions.ts";

/** Starts queries and waits for them, and leaves none running behind a call that has ended. */
export interface Waiter {
  /** Answers with the id. A call that is stopped meanwhile stops the query too. */
  start(request: StartRequest, scope: LakeScope): Promise<string>;
  /**
   * Waits for success, and says how far it is. Throws what became of the query instead; `too_large` past `maxScanBytes`.
   * However it throws, the query has been stopped, but for a scope that leaves it as it is.
   */
  finish(id: string, owner: string, scope: LakeScope): Promise<ExecutionState>;
  /** Stops what is under way and waits for its end. */
  close(): Promise<void>;
}

export interface WaiterOptions {
  times: PollTimes;
  maxScanBytes: number;
}

/** How long the requests that start or end a query may take when the call is gone. */
const alwaysMs = 90_000;
/** Throttled looks in a row that are borne. */
const maxThrottled = 8;

export function createWaiter(executions: Executions, options: WaiterOptions): Waiter {
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  const track = <T>(work: Promise<T>): Promise<T> => {
    running.add(work);
    work.then(
      () => running.delete(work),
      () => running.delete(work),
    );
    return work;
  };
  const whole = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);
  const end = (id: string, owner: string) => executions.stop(id, owner, AbortSignal.timeout(alwaysMs));

  const start = async (request: StartRequest, signal: AbortSignal) => {
    if (signal.aborted) throw stopError(signal);
    // Not stopped with the call: a query whose id was not heard could not be stopped.
    const id = await executions.start(request, AbortSignal.timeout(alwaysMs));
    if (!signal.aborted) return id;
    await end(id, request.owner);
    throw stopError(signal);
  };

  const finish = async (id: string, owner: string, scope: LakeScope, signal: AbortSignal) => {
    try {
      return await watch(executions, { id, owner, ...options }, { ...scope, signal });
    } catch (thrown) {
      if (scope.outside?.isLeaving()) throw thrown;
      // A call that waits for what another began, and cannot see it at present, is no reason to stop it.
      const unseen = scope.outside?.resumes && !signal.aborted && thrown instanceof Unseen;
      if (unseen) throw goingOn(thrown.cause);
      const reason = thrown instanceof Unseen ? thrown.cause : thrown;
      const state = await end(id, owner).catch(() => undefined);
      if (state && isOver(state)) throw reason;
      throw notSeenToEnd(reason, id);
    }
  };

  return {
    start: (request, { signal }) => track(start(request, whole(signal))),
    finish: (id, owner, scope) => track(finish(id, owner, scope, whole(scope.signal))),
    async close() {
      closing.abort(new ToolError("unavailable", "The server is stopping."));
      await Promise.allSettled(running);
    },
  };
}

/** Why the query's state cannot be told. */
class Unseen extends Error {
  constructor(cause: unknown) {
    super("The query's state cannot be told.", { cause });
  }
}

interface Watched extends WaiterOptions {
  id: string;
  owner: string;
}

async function watch(executions: Executions, watched: Watched, scope: LakeScope): Promise<ExecutionState> {
  let throttled = 0;
  for (let turn = 0; ; turn++) {
    const state = await look(executions, watched, scope.signal);
    throttled = state === "throttled" ? throttled + 1 : 0;
    if (state !== "throttled") {
      if (state.fault) throw state.fault;
      if (state.state === "succeeded") return state;
      tell(state, turn, scope);
      checkScanned(state, watched.maxScanBytes);
    } else if (throttled > maxThrottled) {
      throw new Unseen(
        new ToolError(
          "throttled",
          "AWS keeps asking to slow down on the query's state. Try again in a few minutes.",
        ),
      );
    }
    await pause(pauseMs(watched.times, turn), scope.signal);
  }
}

/** A query goes on, and is billed, while AWS has no time to say how it does. */
async function look(executions: Executions, { id, owner }: Watched, signal: AbortSignal) {
  try {
    return await executions.poll(id, owner, signal);
  } catch (thrown) {
    if (thrown instanceof ToolError && thrown.code === "throttled") return "throttled";
    throw new Unseen(thrown);
  }
}

function tell({ state, bytesScanned }: ExecutionState, turn: number, scope: LakeScope): void {
  // Bytes may stand still, and what does not rise is not sent on.
  scope.progress({ done: turn + 1, message: `Athena: ${state}, ${bytesScanned} bytes scanned` });
}

function checkScanned({ id, bytesScanned }: ExecutionState, maxScanBytes: number): void {
  if (bytesScanned <= maxScanBytes) return;
  throw new ToolError(
    "too_large",
    `The query had scanned ${bytesScanned} bytes in Athena when it was stopped; lake.athena.maxScanBytes allows ${maxScanBytes}. What was scanned is billed. Name fewer columns and partitions.`,
    { details: { executionId: id, bytesScanned, maxScanBytes, setting: "lake.athena.maxScanBytes" } },
  );
}

function notSeenToEnd(thrown: unknown, id: string): ToolError {
  const { code, message, details } =
    thrown instanceof ToolError ? thrown : new ToolError("unavailable", "The call failed.");
  return new ToolError(
    code,
    `${message} The query ${quoteName(id)} was not seen to end in Athena: look there.`,
    {
      details: { ...details, executionId: id },
      cause: thrown,
    },
  );
}
