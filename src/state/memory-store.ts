import { checkItem, checkKey } from "./bounds.ts";
import { keyText } from "./key-text.ts";
import type { Counted, PutResult, StateItem, StateKey, StateStore } from "./store.ts";
import { storeUnavailable } from "./unavailable.ts";

interface Held {
  value: string | number;
  expiresAtMs: number;
}

export interface MemoryStoreOptions {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Items kept. Further ones are refused: forgetting one would be forgetting a limit. Default 250,000, some 50 MB. */
  maxItems?: number;
}

/** A store that lives and dies with its process. */
export class MemoryStore implements StateStore {
  readonly kind = "memory";
  readonly isShared = false;
  readonly #items = new Map<string, Held>();
  readonly #now: () => number;
  readonly #maxItems: number;
  #sweptMs = 0;

  constructor({ now, maxItems = 250_000 }: MemoryStoreOptions) {
    this.#now = now;
    this.#maxItems = maxItems;
  }

  async increment(
    key: StateKey,
    { most, expiresAtMs }: { most: number; expiresAtMs: number },
  ): Promise<Counted> {
    const count = Number(this.#value(key) ?? 0);
    if (count + 1 > most) return { isAccepted: false, count };
    this.#put(key, { value: count + 1, expiresAtMs });
    return { isAccepted: true, count: count + 1 };
  }

  async decrement(key: StateKey): Promise<void> {
    const held = this.#items.get(nameOf(key));
    if (typeof held?.value === "number" && held.value > 0) held.value -= 1;
  }

  async get(key: StateKey): Promise<string | undefined> {
    return this.#value(key);
  }

  async putIf(key: StateKey, item: StateItem, expected: string | undefined): Promise<PutResult> {
    checkItem(item);
    // Nothing may be awaited between the look and the put.
    const current = this.#value(key);
    if (current !== expected) return { isDone: false, ...(current !== undefined && { current }) };
    this.#put(key, item);
    return { isDone: true };
  }

  async delete(key: StateKey): Promise<void> {
    this.#items.delete(nameOf(key));
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {
    this.#items.clear();
  }

  #value(key: StateKey): string | undefined {
    const held = this.#items.get(nameOf(key));
    return held && held.expiresAtMs > this.#now() ? String(held.value) : undefined;
  }

  #put(key: StateKey, item: Held): void {
    const name = nameOf(key);
    if (!this.#items.has(name) && this.#items.size >= this.#maxItems) this.#makeRoom();
    this.#items.set(name, item);
  }

  /** A full store looks for expired items once a second at most: looking takes long in a large one. */
  #makeRoom(): void {
    const nowMs = this.#now();
    if (Math.abs(nowMs - this.#sweptMs) >= 1_000) {
      this.#sweptMs = nowMs;
      for (const [name, { expiresAtMs }] of this.#items) if (expiresAtMs <= nowMs) this.#items.delete(name);
    }
    if (this.#items.size < this.#maxItems) return;
    throw storeUnavailable(
      `This process keeps ${this.#maxItems} items of state, which is all it may. A shared store (setting state.store) holds more.`,
    );
  }
}

function nameOf(key: StateKey): string {
  checkKey(key);
  return keyText(key);
}
