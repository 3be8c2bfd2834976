import { type Rate, type Taken, takeToken, withoutToken } from "./token-bucket.ts";

/** A bucket by its name. */
export interface BucketRequest {
  key: string;
  rate: Rate;
}

/** So few are not worth a look. */
const fewBuckets = 1_000;

/** The token buckets of this process. A full bucket is forgotten: it is as one that never was. */
export class Buckets {
  /** When each is full again, the longest unused first. */
  readonly #fullAtMs = new Map<string, number>();
  readonly #maxBuckets: number;
  #lookAt: number;

  /** Of `maxBuckets` that are not full, the half longest unused is forgotten. Default 100,000, some 20 MB. */
  constructor(maxBuckets = 100_000) {
    this.#maxBuckets = maxBuckets;
    this.#lookAt = Math.min(maxBuckets - 1, fewBuckets);
  }

  get size(): number {
    return this.#fullAtMs.size;
  }

  /** Takes one token from each, or from none where one of them has none. Answers in the order asked. */
  take(requests: readonly BucketRequest[], nowMs: number): Taken[] {
    const taken = requests.map(({ key, rate }) => takeToken(rate, this.#fullAtMs.get(key), nowMs));
    const isAllTaken = taken.every(({ isTaken }) => isTaken);
    for (const [index, { isTaken, fullAtMs }] of taken.entries()) {
      const key = requests[index]?.key;
      if (key !== undefined && (isAllTaken || !isTaken)) this.#keep(key, fullAtMs);
    }
    this.#forget(nowMs);
    return taken;
  }

  /** Puts a token back into each, of those that `take` took. A full bucket stays as it is. */
  giveBack(requests: readonly BucketRequest[]): void {
    for (const { key, rate } of requests) {
      const fullAtMs = this.#fullAtMs.get(key);
      if (fullAtMs !== undefined) this.#fullAtMs.set(key, withoutToken(rate, fullAtMs));
    }
  }

  #keep(key: string, fullAtMs: number): void {
    this.#fullAtMs.delete(key);
    this.#fullAtMs.set(key, fullAtMs);
  }

  /** Looks at all when they have doubled since: a call seldom pays, and then for as many calls as there are buckets. */
  #forget(nowMs: number): void {
    if (this.#fullAtMs.size <= this.#lookAt) return;
    for (const [key, fullAtMs] of this.#fullAtMs) if (fullAtMs <= nowMs) this.#fullAtMs.delete(key);
    let surplus = this.#fullAtMs.size - Math.floor(this.#maxBuckets / 2);
    if (this.#fullAtMs.size >= this.#maxBuckets) {
      for (const key of this.#fullAtMs.keys()) {
        if (surplus-- <= 0) break;
        this.#fullAtMs.delete(key);
      }
    }
    this.#lookAt = Math.min(this.#maxBuckets - 1, Math.max(fewBuckets, 2 * this.#fullAtMs.size));
  }
}
