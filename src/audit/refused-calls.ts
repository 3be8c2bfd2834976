import type { Principal } from "../core/principal.ts";
import type { Log } from "../telemetry/log.ts";
import { callerOf } from "./record/call-fields.ts";
import type { RecordWriter } from "./record-writer.ts";

/** A call that was refused before it could act. */
export interface RefusedCall {
  principal: Principal;
  /** A fault's code. */
  result: string;
  /** The tool's own name; none where no tool is of the name that was called. */
  tool?: string | undefined;
}

export interface RefusedCalls {
  /** Whether the call is counted, and has no record of its own. */
  isGathered(call: RefusedCall): boolean;
  /** Records what was only counted yet. */
  close(): void;
}

export interface RefusedCallsOptions {
  writer: Pick<RecordWriter, "keep">;
  log: Log;
  /** Milliseconds since the epoch. */
  now(): number;
  /** What a minute is measured by: a wall clock that is set back would make one last for as long as it went back. */
  elapsedMs?: () => number;
}

const windowMs = 60_000;
const mostRecorded = 10;
/** Callers and results of one window. With more the window ends early: they take memory until then. */
const maxKinds = 10_000;

interface Gathered {
  about: ReturnType<typeof callerOf> & { result: string };
  calls: number;
  leftOut: number;
  sinceMs: number;
  tools: Map<string, number>;
}

/**
 * Lets a caller's refused calls have records of their own so many times a minute and result, and counts the others: limits
 * hold back calls and not refusals, so whoever is known could fill the audit with them.
 */
export function createRefusedCalls(options: RefusedCallsOptions): RefusedCalls {
  const { writer, log, now, elapsedMs = () => performance.now() } = options;
  let kinds = new Map<string, Gathered>();
  let endsMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const endWindow = () => {
    clearTimeout(timer);
    timer = undefined;
    const ended = kinds;
    kinds = new Map();
    for (const one of ended.values()) {
      if (one.leftOut === 0) continue;
      const record = { kind: "refused" as const, time: new Date(now()).toISOString(), ...countsOf(one) };
      writer.keep(record).catch((error: unknown) => log.error("audit record lost", { error }));
    }
  };
  return {
    isGathered({ principal, result, tool }) {
      if (elapsedMs() >= endsMs || kinds.size >= maxKinds) {
        endWindow();
        endsMs = elapsedMs() + windowMs;
      }
      const about = { ...callerOf(principal), result };
      const key = JSON.stringify(about);
      const known = kinds.get(key) ?? { about, calls: 0, leftOut: 0, sinceMs: now(), tools: new Map() };
      kinds.set(key, known);
      if (++known.calls <= mostRecorded) return false;
      if (known.leftOut++ === 0) known.sinceMs = now();
      if (tool !== undefined) known.tools.set(tool, (known.tools.get(tool) ?? 0) + 1);
      timer ??= setTimeout(endWindow, Math.max(0, endsMs - elapsedMs())).unref();
      return true;
    },
    close: endWindow,
  };
}

/** The tools are known ones, so their names are few. */
function countsOf({ about, leftOut, sinceMs, tools }: Gathered) {
  return {
    ...about,
    leftOut,
    since: new Date(sinceMs).toISOString(),
    ...(tools.size > 0 && { tools: Object.fromEntries(tools) }),
  };
}
