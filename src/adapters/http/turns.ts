/** Starts work at once, or in one of the next turns of the event loop: in the order it came. */
export type Turns = (start: () => void) => void;

/**
 * At most `perTurn` pieces of work begin together. The event loop hands over all requests that have come since it last
 * looked: begun in one go, a thousand calls would hold up whatever comes next, health checks first, for as long as a
 * thousand take. Work that comes alone waits for nothing.
 */
export function createTurns(perTurn: number): Turns {
  let waiting: (() => void)[] = [];
  let begun = 0;
  const turn = () => {
    const now = waiting.slice(0, perTurn);
    waiting = waiting.slice(perTurn);
    begun = now.length;
    // Before what could throw: those that wait have nobody else to begin them.
    if (begun > 0) setImmediate(turn);
    for (const start of now) start();
  };
  return (start) => {
    if (begun >= perTurn) {
      waiting.push(start);
      return;
    }
    if (begun++ === 0) setImmediate(turn);
    start();
  };
}
