/** Starts work now or in a later turn of the event loop. */
export interface Turns {
  /** Who has asked for less goes before who has asked for more. False: `whose` has too much waiting, and this is not taken. */
  begin(whose: object, start: () => void): boolean;
  /** Somebody has come whose request is not known yet: more may stand behind, and each turn lets in only one. */
  cameIn(): void;
}

/** How much begins in one turn, and how much may wait for one. */
export interface TurnBounds {
  perTurn: number;
  maxWaitingEach: number;
}

/** So many may come in before work goes on: a crowd. Whoever keeps coming after that only has his share. */
const maxTurnsHeld = 2_000;

/**
 * The event loop hands over all requests that have come since it last looked, and lets in one connection each time it
 * looks. Begun in one go, or one beside each connection, a thousand calls would hold up whoever comes next, health checks
 * first, for as long as a thousand take. So all are let in before more is begun, few pieces begin together, and those whose
 * turn it is are of different origin. Work that comes alone waits for nothing.
 */
export function createTurns({ perTurn, maxWaitingEach }: TurnBounds): Turns {
  const waiting = createWaiting(maxWaitingEach);
  let begun = 0;
  let isComing = false;
  let mayHold = maxTurnsHeld;
  let isPlanned = false;

  function plan(): void {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(turn);
  }

  function turn(): void {
    isPlanned = false;
    let left = mostNow();
    isComing = false;
    begun = 0;
    // Before what could throw: those that wait have nobody else to begin them.
    if (!waiting.isEmpty()) plan();
    for (; left > 0 && !waiting.isEmpty(); left--) {
      begun++;
      waiting.next()?.();
    }
  }

  function mostNow(): number {
    if (isComing && mayHold > 0) {
      mayHold--;
      return 0;
    }
    mayHold = Math.min(mayHold + perTurn, maxTurnsHeld);
    return perTurn;
  }

  return {
    begin(whose, start) {
      plan();
      if (isComing || !waiting.isEmpty() || begun >= perTurn) return waiting.add(whose, start);
      begun++;
      start();
      return true;
    },
    cameIn() {
      isComing = true;
      plan();
    },
  };
}

/** Hands out one piece of each origin, then the next one of each. */
function createWaiting(maxEach: number) {
  const all = new Map<object, (() => void)[]>();
  return {
    isEmpty: () => all.size === 0,
    add(whose: object, start: () => void): boolean {
      const starts = all.get(whose) ?? [];
      if (starts.length >= maxEach) return false;
      starts.push(start);
      all.set(whose, starts);
      return true;
    },
    next(): (() => void) | undefined {
      const [first] = all;
      if (!first) return undefined;
      const [whose, starts] = first;
      const start = starts.shift();
      all.delete(whose);
      if (starts.length > 0) all.set(whose, starts);
      return start;
    },
  };
}
