import type { Principal } from "./principal.ts";
import type { Call, Outcome, UnknownCall } from "./steps.ts";

/** A call or request of a known caller that was refused before it could act. */
export interface Refused {
  principal: Principal;
  /** A fault's code. */
  result: string;
  /** The tool's own name; none where no tool is of the name that was called. */
  tool?: string | undefined;
}

/** What a caller's refusals with one result came to beyond those that stand for themselves. */
export interface LeftOut {
  principal: Principal;
  result: string;
  leftOut: number;
  /** When the first of them was. Milliseconds since the epoch. */
  sinceMs: number;
  /** How many there were of each tool. */
  tools: ReadonlyMap<string, number>;
}

export interface GatheredRefusals {
  /** Whether it is only counted: there were enough of them that stand for themselves. */
  isGathered(refused: Refused): boolean;
  /** Tells what was only counted yet. */
  close(): void;
}

export interface GatheringClocks {
  /** Milliseconds since the epoch. */
  now(): number;
  /** What a minute is measured by: a wall clock that is set back would make one last for as long as it went back. */
  elapsedMs?: () => number;
}

const windowMs = 60_000;
const mostOfTheirOwn = 10;
/** Callers and results of one window. With more the window ends early: they take memory until then. */
const maxKinds = 10_000;

/**
 * Lets a caller's refusals stand for themselves so many times a minute and result, and counts the others: limits
 * hold back calls and not refusals, so whoever is known could fill a disk with them.
 */
export function gatherRefusals(
  tell: (leftOut: LeftOut) => void,
  { now, elapsedMs = () => performance.now() }: GatheringClocks,
): GatheredRefusals {
  let kinds = new Map<string, LeftOut & { refusals: number; tools: Map<string, number> }>();
  let endsMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const endWindow = () => {
    clearTimeout(timer);
    timer = undefined;
    const ended = kinds;
    kinds = new Map();
    for (const one of ended.values()) if (one.leftOut > 0) tell(one);
  };
  return {
    isGathered({ principal, result, tool }) {
      if (elapsedMs() >= endsMs || kinds.size >= maxKinds) {
        endWindow();
        endsMs = elapsedMs() + windowMs;
      }
      const key = JSON.stringify([principal.tenantId, principal.id, principal.via, result]);
      const fresh = { principal, result, refusals: 0, leftOut: 0, sinceMs: now(), tools: new Map() };
      const known = kinds.get(key) ?? fresh;
      kinds.set(key, known);
      if (++known.refusals <= mostOfTheirOwn) return false;
      if (known.leftOut++ === 0) known.sinceMs = now();
      if (tool !== undefined) known.tools.set(tool, (known.tools.get(tool) ?? 0) + 1);
      timer ??= setTimeout(endWindow, Math.max(0, endsMs - elapsedMs())).unref();
      return true;
    },
    close: endWindow,
  };
}

/** None where the call could have acted. A `conflict` is a plan that waits to be confirmed: a step of a write, which limits count as they do others. */
export function refusedCall({ principal, tool }: Call, outcome: Outcome): Refused | undefined {
  if (outcome.kind === "completed" || !outcome.wasRefused || outcome.fault.code === "conflict")
    return undefined;
  return { principal, result: outcome.fault.code, tool: tool.name };
}

/** A hidden tool is denied: records and logs say more than the caller is told. */
export function refusedAsUnknown({ principal, hidden }: UnknownCall): Refused {
  return { principal, result: hidden ? "denied" : "not_found", tool: hidden?.tool.name };
}
