import type { StateKey, StateStore } from "../state/store.ts";
import { contended } from "../state/unavailable.ts";
import { type Rate, type Taken, takeToken } from "./token-bucket.ts";

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
  /** Calls of this process for the same bucket go one after the other, or they would be in each other's way. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(store: StateStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Throws `unavailable` when the store cannot be asked. */
  async take(key: StateKey, rate: Rate): Promise<Taken> {
    const name = JSON.stringify([key.tenantId, key.name]);
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.then(() => this.#take(key, name, rate));
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
      const taken = takeToken(rate, held === undefined ? undefined : Number(held), this.#now());
      // What was seen can only have become less since, so a refusal needs no asking.
      if (!taken.isTaken && taken.fullAtMs - Number(held) > -1) return taken;
      const item = { value: String(taken.fullAtMs), expiresAtMs: Math.ceil(taken.fullAtMs) + keptFullMs };
      const put = await this.#store.putIf(key, item, held);
      this.#remember(name, put.isDone ? item.value : put.current);
      if (put.isDone) return taken;
    }
    throw contended(this.#store.kind);
  }

  #remember(name: string, value: string | undefined): void {
    this.#seen.delete(name);
    if (value === undefined) return;
    this.#seen.set(name, value);
    if (this.#seen.size > maxRemembered) this.#seen.clear();
  }
}
