import { type Rate, type Taken, takeToken } from "./token-bucket.ts";

/** A bucket by its name. */
export interface BucketRequest {
  key: string;
  rate: Rate;
}

/** The token buckets of this process. A full bucket is forgotten: it is as one that never was. */
export class Buckets {
  /** When each is full again, the longest unused first. */
  readonly #fullAtMs = new Map<string, number>();
  readonly #maxBuckets: number;

  /** Past `maxBuckets` that are not full, the longest unused is forgotten. Default 100,000, some 20 MB. */
  constructor(maxBuckets = 100_000) {
    this.#maxBuckets = maxBuckets;
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

  #keep(key: string, fullAtMs: number): void {
    this.#fullAtMs.delete(key);
    this.#fullAtMs.set(key, fullAtMs);
  }

  /** Looks at a few with each call, so that no call pays for all. */
  #forget(nowMs: number): void {
    let looks = 4;
    for (const [key, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs > nowMs && this.#fullAtMs.size <= this.#maxBuckets) return;
      this.#fullAtMs.delete(key);
      if (--looks === 0) return;
    }
  }
}
