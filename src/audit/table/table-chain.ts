import { genesis, type Head, type RecordFields, type SealedRecord, sealRecord } from "../record/record.ts";
import type { Written } from "../record-writer.ts";
import { type AuditTable, itemPrefix, processPartition, type TableRow } from "./audit-table.ts";

/** What is known of the table, shared by the chains of a process. */
export interface TableHealth {
  /** Why it cannot be written, as long as it is not tried again. */
  fault(): { thrown: unknown } | undefined;
  /** One tries again: until that is known, the others do as before. */
  tried(): void;
  failed(thrown: unknown): void;
  /** A record is in the table. */
  worked(): void;
}

export interface TableChainOptions {
  table: AuditTable;
  health: TableHealth;
  retentionMs: number;
  newId(): string;
  /** A record is in the table for good. */
  onPut(chain: string, record: SealedRecord): void;
  /** The chain was found to be written by another process too. */
  onTaken(chain: string): void;
}

interface Waiting {
  fields: RecordFields;
  isKept: boolean;
  /** Once it has its number, and may have been put: it is put as it is, or nothing is put after it. */
  row?: TableRow & Head;
  settled(outcome: { written: Written } | { thrown: unknown }): void;
}

/**
 * One chain of records in a table, put one after the other: a record that cannot be put leaves the chain's end where it is,
 * and never a gap in it.
 */
export class TableChain {
  readonly #options: TableChainOptions;
  #chain = "";
  /** Time of the chain's first record, named by all of them: older ones may have expired. */
  #since = "";
  #head: Head = genesis;
  #waiting: Waiting[] = [];
  #putting: Promise<void> | undefined;

  constructor(options: TableChainOptions) {
    this.#options = options;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Rejects where the record is not kept and cannot be put now; it may be in the table later all the same. */
  append(fields: RecordFields, isKept: boolean): Promise<Written> {
    return new Promise((resolve, reject) => {
      const fault = this.#options.health.fault();
      if (fault && !isKept) return reject(fault.thrown);
      this.#waiting.push({
        fields,
        isKept,
        settled: (outcome) => ("written" in outcome ? resolve(outcome.written) : reject(outcome.thrown)),
      });
      if (fault) return resolve("held");
      this.#options.health.tried();
      void this.drain();
    });
  }

  /** Puts what waits, until it is all there or one cannot be put. */
  drain(): Promise<void> {
    this.#putting ??= this.#putAll().finally(() => {
      this.#putting = undefined;
      // What came after the last look.
      if (this.#waiting.length > 0 && !this.#options.health.fault()) void this.drain();
    });
    return this.#putting;
  }

  async #putAll(): Promise<void> {
    const { table, health, retentionMs, onPut, onTaken } = this.#options;
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      first.row ??= this.#seal(first.fields);
      const { row } = first;
      let put: "done" | "taken";
      try {
        put = await table.put(row, Date.parse(first.fields.time) + retentionMs);
      } catch (thrown) {
        health.failed(thrown);
        this.#settleBroken(thrown);
        return;
      }
      if (put === "taken") {
        onTaken(this.#chain);
        this.#chain = "";
        delete first.row;
        continue;
      }
      this.#head = { sequence: row.sequence, hash: row.hash };
      this.#waiting.shift();
      first.settled({ written: "durable" });
      health.worked();
      onPut(this.#chain, row);
    }
  }

  #seal(fields: RecordFields): TableRow & Head {
    if (this.#chain === "") {
      [this.#chain, this.#since, this.#head] = [this.#options.newId(), fields.time, genesis];
    }
    const { sequence, hash, line } = sealRecord(
      this.#chain,
      { ...fields, chainSince: this.#since },
      this.#head,
    );
    return {
      tenantId: partitionOf(fields.tenant),
      item: `${itemPrefix}${fields.time}/${this.#chain}/${numberOf(sequence)}`,
      ...{ sequence, hash, line },
    };
  }

  /** Nobody waits while the table cannot be written. What has its number stays, as it may have been put. */
  #settleBroken(thrown: unknown): void {
    for (const { isKept, settled } of this.#waiting) settled(isKept ? { written: "held" } : { thrown });
    this.#waiting = this.#waiting.filter(({ isKept, row }) => isKept || row);
  }
}

/** A record's number as its key ends with it. */
export function numberOf(sequence: number): string {
  return String(sequence).padStart(16, "0");
}

/** The partition that a record of this tenant lies in. */
export function partitionOf(tenant: unknown): string {
  return typeof tenant === "string" && tenant !== "" ? tenant : processPartition;
}
