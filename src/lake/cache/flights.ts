import { ToolError } from "../../core/errors.ts";
import type { Progress } from "../../core/tool.ts";
import type { LakeScope } from "../scope.ts";
import { orStopped } from "../stores/stopped.ts";
import { inIntervals } from "./progress.ts";

/** What a flight brings: held until everyone who waited has taken theirs. */
export interface Held {
  release(): void;
}

export interface FlightControls {
  /** Aborts when nobody waits any more. */
  signal: AbortSignal;
  /** Tells everyone who waits, at most ten times a second. */
  report(update: Progress): void;
}

/** One asking. A scope may ask twice at once: each counts. */
type Waiting = Pick<LakeScope, "progress">;

interface Flight<T> {
  landed: Promise<T>;
  stop: AbortController;
  waiting: Set<Waiting>;
  /** Who asked first. */
  starter: LakeScope;
}

export interface Flights<T extends Held> {
  /** Takes from the flight of `key` what `take` makes of it, starting the flight where there is none. */
  join<R>(
    key: string,
    scope: LakeScope,
    fly: (controls: FlightControls) => Promise<T>,
    take: (held: T) => Promise<R>,
  ): Promise<R>;
  /** Stops all flights and waits for them. */
  close(): Promise<void>;
}

/** One piece of work per key at a time, shared by all who ask. One who leaves does not stop it for the others. */
export function createFlights<T extends Held>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();
  return {
    async join(key, scope, fly, take) {
      const flight = flights.get(key) ?? start(flights, key, scope, fly);
      try {
        return await board(flights, key, flight, scope, take);
      } catch (thrown) {
        // The work ran with what its starter brought; when only the starter was stopped, it is begun anew.
        const isStartersFault = flight.starter !== scope && flight.starter.signal.aborted;
        if (!isStartersFault || scope.signal.aborted) throw thrown;
        return board(flights, key, flights.get(key) ?? start(flights, key, scope, fly), scope, take);
      }
    },
    async close() {
      const open = [...flights.values()];
      for (const { stop } of open) stop.abort(new ToolError("unavailable", "The server is stopping."));
      await Promise.allSettled(open.map(({ landed }) => landed));
    },
  };
}

function start<T>(
  flights: Map<string, Flight<T>>,
  key: string,
  starter: LakeScope,
  fly: (controls: FlightControls) => Promise<T>,
): Flight<T> {
  const stop = new AbortController();
  const waiting = new Set<Waiting>();
  const report = inIntervals((update) => {
    for (const { progress } of waiting) progress(update);
  });
  const landed = fly({ signal: stop.signal, report }).finally(() => {
    if (flights.get(key) === flight) flights.delete(key);
  });
  landed.catch(() => {});
  const flight: Flight<T> = { landed, stop, waiting, starter };
  flights.set(key, flight);
  return flight;
}

async function board<T extends Held, R>(
  flights: Map<string, Flight<T>>,
  key: string,
  flight: Flight<T>,
  scope: LakeScope,
  take: (held: T) => Promise<R>,
): Promise<R> {
  const one: Waiting = { progress: (update) => scope.progress(update) };
  flight.waiting.add(one);
  try {
    return await take(await orStopped(flight.landed, scope.signal));
  } finally {
    flight.waiting.delete(one);
    if (flight.waiting.size === 0) {
      if (flights.get(key) === flight) flights.delete(key);
      end(flight);
    }
  }
}

/** The last one left: what is under way stops, what was brought is given back. */
function end<T extends Held>({ stop, landed }: Flight<T>): void {
  stop.abort(new ToolError("timeout", "Nobody waits for this file any more."));
  landed.then(
    (held) => held.release(),
    () => {},
  );
}
