import type { RecordFields } from "./record/record.ts";

/** `durable`: outlasts a crash. `held`: it cannot be written now; kept in memory until it can. */
export type Written = "durable" | "held";

/** Takes records, in the order they are handed over, to where they last. */
export interface RecordWriter {
  /** Throws where the record cannot be made durable now. Resolves when it is. */
  require(fields: RecordFields): Promise<void>;
  /** Keeps the record in memory where it cannot be made durable now; some are dropped when there are too many. */
  keep(fields: RecordFields): Promise<Written>;
}
