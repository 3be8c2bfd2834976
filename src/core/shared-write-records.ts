import { randomUUID } from "node:crypto";
import { OwnRecord, type RecordItems } from "./own-record.ts";
import { createSealer, type Sealer, type SealingKeys } from "./seal.ts";
import { openOutcome, sealOutcome } from "./sealed-outcome.ts";
import { parseRecord, type WriteRecord } from "./write-record-form.ts";
import {
  type BeginWrite,
  type BegunWrite,
  type KnownWrite,
  keptMs,
  type WriteId,
  type WriteRecords,
} from "./write-records.ts";

export interface SharedWriteRecordsOptions {
  /** The store that servers share. */
  items: RecordItems;
  /** Outcomes are sealed with them. */
  keys: SealingKeys;
  /** Milliseconds since the epoch. */
  now(): number;
  /** A running write whose server says nothing for this long is lost. Default 15 s. */
  silentMs?: number;
  /** How often it says something. Default 5 s. */
  beatMs?: number;
}

/** Records in a store that servers share, each an item of the caller's tenant. */
export class SharedWriteRecords implements WriteRecords {
  readonly #options: Required<SharedWriteRecordsOptions>;
  readonly #sealer: Sealer;

  constructor(options: SharedWriteRecordsOptions) {
    this.#options = { silentMs: 15_000, beatMs: 5_000, ...options };
    this.#sealer = createSealer(options.keys, "sluice kept outcome 1");
  }

  async find(id: WriteId): Promise<KnownWrite | undefined> {
    const text = await this.#options.items.get(keyOf(id));
    return text === undefined ? undefined : this.#known(id, text);
  }

  async begin(id: WriteId, { untilMs, about, insteadOf }: BeginWrite): Promise<BegunWrite | KnownWrite> {
    const { items, now } = this.#options;
    const nowMs = now();
    const own = new OwnRecord(items, keyOf(id), {
      state: "running",
      attempt: randomUUID(),
      begunMs: insteadOf?.begunMs ?? nowMs,
      heardMs: nowMs,
      about: [...about],
    });
    const put = await own.begin(Math.max(untilMs, nowMs + keptMs), insteadOf?.record);
    if (put.isDone) return this.#begun(id, own);
    // Nothing is where something was to be replaced only once that has expired.
    return put.current === undefined ? { state: "ended" } : this.#known(id, put.current);
  }

  async turnDown(id: WriteId, untilMs: number): Promise<void> {
    const record: WriteRecord = { state: "turned_down", attempt: randomUUID() };
    await new OwnRecord(this.#options.items, keyOf(id), record).begin(untilMs, undefined);
  }

  #begun({ nonce }: WriteId, own: OwnRecord): BegunWrite {
    const { now, beatMs } = this.#options;
    const untilMs = () => now() + keptMs;
    const { attempt } = own;
    own.keepAlive(beatMs, (record) => ({ ...record, heardMs: now() }), untilMs);
    return {
      state: "begun",
      end: (outcome) => {
        const sealed = sealOutcome(this.#sealer, nonce, outcome);
        return own.end(
          { state: "ended", attempt, endedMs: now(), ...(sealed !== undefined && { outcome: sealed }) },
          untilMs(),
        );
      },
      abandon: () => own.end({ state: "turned_down", attempt }, untilMs()),
    };
  }

  #known({ nonce }: WriteId, text: string): KnownWrite {
    const record = parseRecord(text);
    if (record.state === "turned_down") return { state: "turned_down" };
    if (record.state === "ended") {
      const { outcome: sealed, endedMs } = record;
      const outcome = sealed === undefined ? undefined : openOutcome(this.#sealer, nonce, sealed);
      return { state: "ended", ...(endedMs !== undefined && { endedMs }), ...(outcome && { outcome }) };
    }
    const { now, silentMs } = this.#options;
    const { begunMs, heardMs, about } = record;
    if (heardMs + silentMs > now()) return { state: "running" };
    return { state: "lost", begunMs, about, record: text };
  }
}

function keyOf({ tenantId, nonce }: WriteId) {
  return { tenantId, name: `writes/${nonce}` };
}
