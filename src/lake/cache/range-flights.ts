import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import { orStopped } from "../stores/stopped.ts";
import { firstEndingFrom } from "./byte-ranges.ts";
import type { ByteRange } from "./cache.ts";

export interface RangeControls {
  /** Aborts when nobody wants the range any more. */
  signal: AbortSignal;
  onBytes(count: number): void;
}

/** A range on its way. */
export interface RangeFlight extends ByteRange {
  landed: Promise<void>;
  doneBytes: number;
}

interface Flying extends RangeFlight {
  stop: AbortController;
  waiting: Set<(count: number) => void>;
}

/** Ranges of one file on their way, none of which overlap. Each goes on while anybody waits for it. */
export interface RangeFlights {
  /** Those that overlap any of sorted `ranges`. */
  over(ranges: readonly ByteRange[]): RangeFlight[];
  /** The range must not overlap one that is under way, and must be waited for before anything else is awaited. */
  start(range: ByteRange, fly: (controls: RangeControls) => Promise<void>): RangeFlight;
  /** Until all have landed. Throws what the first that failed throws, or as soon as the scope is stopped. */
  wait(flights: readonly RangeFlight[], scope: LakeScope, onBytes: (count: number) => void): Promise<void>;
  /** Until none of those that were ever started still runs. */
  settled(): Promise<void>;
  /** Stops all. */
  stop(reason: ToolError): void;
}

export function createRangeFlights(): RangeFlights {
  const flights: Flying[] = [];
  const running = new Map<RangeFlight, Flying>();
  const forget = (flight: Flying) => {
    const index = flights.indexOf(flight);
    if (index >= 0) flights.splice(index, 1);
  };
  const leave = (flight: Flying, waiting: (count: number) => void) => {
    flight.waiting.delete(waiting);
    if (flight.waiting.size > 0 || !running.has(flight)) return;
    // Whoever asks from now on begins anew.
    forget(flight);
    flight.stop.abort(new ToolError("timeout", "Nobody waits for this range any more."));
  };
  return {
    over: (ranges) => [...new Set(ranges.flatMap((range) => overlapping(flights, range)))],
    start(range, fly) {
      const flight = takeOff(range, fly, () => {
        forget(flight);
        running.delete(flight);
      });
      flights.splice(firstEndingFrom(flights, range.end), 0, flight);
      running.set(flight, flight);
      return flight;
    },
    async wait(wanted, scope, onBytes) {
      const count = (bytes: number) => onBytes(bytes);
      const boarded = wanted.flatMap((flight) => running.get(flight) ?? []);
      for (const { waiting } of boarded) waiting.add(count);
      try {
        await orStopped(Promise.all(wanted.map(({ landed }) => landed)), scope.signal);
      } finally {
        for (const flight of boarded) leave(flight, count);
      }
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled([...running.keys()].map(({ landed }) => landed));
    },
    stop(reason) {
      for (const { stop } of running.values()) stop.abort(reason);
    },
  };
}

function takeOff(
  { start, end }: ByteRange,
  fly: (controls: RangeControls) => Promise<void>,
  onDown: () => void,
): Flying {
  const stop = new AbortController();
  const waiting = new Set<(count: number) => void>();
  const onBytes = (count: number) => {
    flight.doneBytes += count;
    for (const tell of waiting) tell(count);
  };
  // Begun a turn later, when it is known to everyone.
  const landed = Promise.resolve()
    .then(() => fly({ signal: stop.signal, onBytes }))
    .finally(onDown);
  landed.catch(() => {});
  const flight: Flying = { start, end, landed, stop, waiting, doneBytes: 0 };
  return flight;
}

function overlapping(flights: readonly Flying[], { start, end }: ByteRange): Flying[] {
  const found: Flying[] = [];
  for (let index = firstEndingFrom(flights, start + 1); index < flights.length; index++) {
    const flight = flights[index];
    if (!flight || flight.start >= end) break;
    found.push(flight);
  }
  return found;
}
