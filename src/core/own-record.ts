import { parseRecord, type RunningRecord, type WriteRecord } from "./write-record-form.ts";

interface RecordKey {
  tenantId: string;
  name: string;
}

/**
 * What records of writes ask of the store that servers share. Values hold 64 KiB; from `expiresAtMs` on (milliseconds
 * since the epoch) one is as if it were not there. `putIf` puts where the value is still `expected`.
 */
export interface RecordItems {
  get(key: RecordKey): Promise<string | undefined>;
  putIf(
    key: RecordKey,
    item: { value: string; expiresAtMs: number },
    expected: string | undefined,
  ): Promise<Put>;
}

type Put = { isDone: true } | { isDone: false; current?: string };

const maxRounds = 5;

/** A record that one process wrote, and changes as long as it is its own. */
export class OwnRecord {
  readonly attempt: string;
  readonly #items: RecordItems;
  readonly #key: RecordKey;
  #record: WriteRecord;
  #held: string;
  #timer: NodeJS.Timeout | undefined;
  #beat: Promise<void> = Promise.resolve();

  constructor(items: RecordItems, key: RecordKey, record: WriteRecord) {
    this.#items = items;
    this.#key = key;
    this.attempt = record.attempt;
    this.#record = record;
    this.#held = JSON.stringify(record);
  }

  /** Puts it where the value is `expected`. Gives the value that stands there otherwise. */
  async begin(expiresAtMs: number, expected: string | undefined): Promise<Put> {
    const put = await this.#items.putIf(this.#key, { value: this.#held, expiresAtMs }, expected);
    // An answer that was lost may have been a yes.
    return !put.isDone && put.current === this.#held ? { isDone: true } : put;
  }

  /** Lets others know that this process still lives. A beat that fails is one of several. */
  keepAlive(everyMs: number, next: (record: RunningRecord) => WriteRecord, expiresAtMs: () => number): void {
    this.#timer = setInterval(() => {
      const record = this.#record;
      if (record.state !== "running") return;
      this.#beat = this.#beat.then(() => this.#replace(next(record), expiresAtMs())).catch(() => {});
    }, everyMs);
    this.#timer.unref();
  }

  /** Puts the last form of it, unless another process took its place. */
  async end(record: WriteRecord, expiresAtMs: number): Promise<void> {
    clearInterval(this.#timer);
    await this.#beat;
    await this.#replace(record, expiresAtMs);
  }

  async #replace(record: WriteRecord, expiresAtMs: number): Promise<void> {
    const value = JSON.stringify(record);
    let expected: string | undefined = this.#held;
    for (let round = 0; round < maxRounds; round++) {
      const put = await this.#items.putIf(this.#key, { value, expiresAtMs }, expected);
      if (put.isDone || put.current === value) {
        this.#record = record;
        this.#held = value;
        return;
      }
      if (put.current !== undefined && parseRecord(put.current).attempt !== this.attempt) return;
      expected = put.current;
    }
  }
}
