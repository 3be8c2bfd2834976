import { RecentMap } from "./recent-map.ts";

/** By then no call uses what was forgotten. */
const longestCallMs = 60 * 60_000;

/** Remembers the `most` last used of what is open. What is forgotten is closed when the calls that use it have ended. */
export class RecentlyOpen<V extends { close(): Promise<void> | void }> {
  readonly #closing = new Map<V, NodeJS.Timeout>();
  readonly #known: RecentMap<V>;

  constructor(most: number) {
    this.#known = new RecentMap(
      most,
      () => 1,
      (forgotten) => this.#closeLater(forgotten),
    );
  }

  get(key: string): V | undefined {
    return this.#known.get(key);
  }

  set(key: string, value: V): void {
    this.#known.set(key, value);
  }

  /** Closes all of it, whatever calls are under way. Never rejects. */
  async close(): Promise<void> {
    for (const timer of this.#closing.values()) clearTimeout(timer);
    const open = [...this.#known.values(), ...this.#closing.keys()];
    this.#closing.clear();
    await Promise.allSettled(open.map(async (one) => one.close()));
  }

  #closeLater(forgotten: V): void {
    const timer = setTimeout(() => {
      this.#closing.delete(forgotten);
      void forgotten.close();
    }, longestCallMs);
    this.#closing.set(forgotten, timer.unref());
  }
}
