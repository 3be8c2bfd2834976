import type { ReadRecord } from "../record/record.ts";

/** What the journal says was deleted because it had expired. */
export interface Expiry {
  throughSequence: number;
  throughHash: string;
  throughTime: string;
  /** When it was deleted. */
  time: string;
}

/** Collects expiries, by the chain they are of. */
export function createExpiries() {
  const byChain = new Map<string, Expiry[]>();
  return {
    see(record: ReadRecord): void {
      if (record.kind !== "expired") return;
      const { expiredChain, throughSequence, throughHash, throughTime, time } = record;
      if (typeof expiredChain !== "string" || typeof throughSequence !== "number") return;
      const known = byChain.get(expiredChain) ?? [];
      known.push({
        throughSequence,
        throughHash: String(throughHash),
        throughTime: String(throughTime),
        time,
      });
      byChain.set(expiredChain, known);
    },
    /** The expiry that ends with this very record. `hash` is empty where nothing is left that says it. */
    find(chain: string, sequence: number, hash: string): Expiry | undefined {
      return byChain
        .get(chain)
        ?.find((one) => one.throughSequence === sequence && (hash === "" || one.throughHash === hash));
    },
    /** The last expiry of a chain. */
    last: (chain: string): Expiry | undefined => byChain.get(chain)?.at(-1),
  };
}

export type Expiries = ReturnType<typeof createExpiries>;
