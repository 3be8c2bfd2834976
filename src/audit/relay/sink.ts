import type { ReadRecord } from "../record/record.ts";

/** A record on its way to a sink, with the very line of the journal. */
export interface RelayedRecord {
  record: ReadRecord;
  line: string;
}

/** Where records are relayed to, in their order, each at least once. */
export interface Sink {
  /** Names the file of its position: letters only. */
  name: string;
  /** Whether it takes the records of processes that ended, too. */
  takesAll: boolean;
  /** Resolves when the sink has all of them for good. A record that it has already changes nothing. */
  send(records: readonly RelayedRecord[]): Promise<void>;
  close(): Promise<void>;
}
