import { keyText } from "../state/key-text.ts";
import type { StateKey, StateStore } from "../state/store.ts";
import { contended } from "../state/unavailable.ts";
import { isPossible, type Rate, type Taken, takeToken, withoutToken } from "./token-bucket.ts";

/** Each round that fails is one in which another server took a token, so there are seldom many. */
const maxRounds = 50;
/** Buckets whose last state is remembered, to save asking for it. */
const maxRemembered = 10_000;

/** How long a full bucket is kept: a store's clock may be ahead of ours. */
const keptFullMs = 600_000;

/** Token buckets in a store that servers share: together they let through what one would. */
export class SharedBuckets {
  readonly #store: StateStore;
  readonly #now: () => number;
  /** What this process last saw of each, as the store has it. */
  readonly #seen = new Map<string, string>();
  /**
   * When each is full by what this process itself let through. With clocks that agree the store's is never earlier; with others
   * it is one that another server's clock made, and each server goes by its own.
   */
  readonly #own = new Map<string, number>();
  /** Calls of this process for the same bucket go one after the other, or they would be in each other's way. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: StateStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Throws `unavailable` when the store cannot be asked. */
  take(key: StateKey, rate: Rate): Promise<Taken> {
    return this.#inTurn(keyText(key), (name) => this.#take(key, name, rate));
  }

  /**
   * Puts back a token that was taken. Another server that saw the bucket empty knows of it once it asks again, which is no
   * later than without. Throws `unavailable` when the store cannot be asked.
   */
  giveBack(key: StateKey, rate: Rate): Promise<void> {
    return this.#inTurn(keyText(key), (name) => this.#giveBack(key, name, rate));
  }

  /** The refusal that is known of with no asking: what was seen can only have become less since, or been given back. */
  refusal(key: StateKey, rate: Rate): Taken | undefined {
    const name = keyText(key);
    const held = this.#seen.get(name);
    const taken = this.#tryToTake(name, rate, held);
    return isSure(taken, held) ? taken : undefined;
  }

  #tryToTake(name: string, rate: Rate, held: string | undefined): Taken {
    const nowMs = this.#now();
    const shared = held === undefined ? undefined : Number(held);
    const known = this.#own.get(name);
    const own = known !== undefined && isPossible(rate, known, nowMs) ? known : undefined;
    if (own === undefined || shared === undefined) return takeToken(rate, shared ?? own, nowMs);
    return takeToken(rate, isPossible(rate, shared, nowMs) ? Math.max(shared, own) : own, nowMs);
  }

  async #inTurn<T>(name: string, work: (name: string) => Promise<T>): Promise<T> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.then(() => work(name));
    const settled = turn.catch(() => {});
    this.#turns.set(name, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(name) === settled) this.#turns.delete(name);
    }
  }

  async #take(key: StateKey, name: string, rate: Rate): Promise<Taken> {
    for (let round = 0; round < maxRounds; round++) {
      const held = this.#seen.get(name);
      const taken = this.#tryToTake(name, rate, held);
      if (isSure(taken, held)) return taken;
      if (!(await this.#put(key, name, taken.fullAtMs, held))) continue;
      this.#own.set(name, taken.fullAtMs);
      return taken;
    }
    throw contended(this.#store.kind);
  }

  async #giveBack(key: StateKey, name: string, rate: Rate): Promise<void> {
    const own = this.#own.get(name);
    if (own !== undefined) this.#own.set(name, withoutToken(rate, own));
    for (let round = 0; round < maxRounds; round++) {
      const held = this.#seen.get(name);
      // It is full, or forgotten here.
      if (held === undefined || (await this.#put(key, name, withoutToken(rate, Number(held)), held))) return;
    }
    throw contended(this.#store.kind);
  }

  /** Whether it was put in the place of `held`. */
  async #put(key: StateKey, name: string, fullAtMs: number, held: string | undefined): Promise<boolean> {
    const item = { value: String(fullAtMs), expiresAtMs: Math.ceil(fullAtMs) + keptFullMs };
    const put = await this.#store.putIf(key, item, held, { once: true });
    this.#remember(name, put.isDone ? item.value : put.current);
    return put.isDone;
  }

  #remember(name: string, value: string | undefined): void {
    this.#seen.delete(name);
    if (value === undefined) return;
    this.#seen.set(name, value);
    if (this.#seen.size > maxRemembered) this.#seen.clear();
    if (this.#own.size > maxRemembered) this.#own.clear();
  }
}

/** Of a clock that went back the store is told, though there is no token. */
function isSure({ isTaken, fullAtMs }: Taken, held: string | undefined): boolean {
  return !isTaken && fullAtMs - Number(held) > -1;
}
