/** A map that forgets the entries least recently used when together they weigh more than `maxWeight`. */
export class RecentMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #maxWeight: number;
  readonly #weigh: (value: V) => number;
  readonly #onForgotten: (value: V) => void;
  #weight = 0;

  /** By default each entry weighs 1. `onForgotten` is told what is pushed out, replaced or deleted. */
  constructor(
    maxWeight: number,
    weigh: (value: V) => number = () => 1,
    onForgotten: (value: V) => void = () => {},
  ) {
    this.#maxWeight = maxWeight;
    this.#weigh = weigh;
    this.#onForgotten = onForgotten;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weigh(value);
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#maxWeight) return;
      this.delete(oldest);
    }
  }

  values(): V[] {
    return [...this.#entries.values()];
  }

  delete(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#weight -= this.#weigh(value);
    this.#onForgotten(value);
  }
}
