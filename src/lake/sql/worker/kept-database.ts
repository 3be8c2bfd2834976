import type { RunJob } from "../protocol.ts";
import type { Database } from "./database.ts";

/** A database whose views are of held tables. */
export interface HeldDatabase extends Database {
  /** Throws where files were taken from them. */
  check(): void;
}

interface Kept {
  database: HeldDatabase;
  /** What its views are of. */
  tables: RunJob["tables"];
}

/** As long as the server holds a table after its last call. */
const keepMs = 30_000;

/**
 * The database of the last job over held tables, with its views, for the next job over the very same ones: to make
 * views of thousands of files takes as long as many a question. A worker has no more than this one beside that of its
 * job.
 */
export class KeptDatabase {
  private kept: (Kept & { key: string; expiry: NodeJS.Timeout }) | undefined;

  /** The tables of `key`, where their database is there still. */
  tablesOf(key: string): RunJob["tables"] | undefined {
    return this.kept?.key === key ? this.kept.tables : undefined;
  }

  /** The database of `key`, which is the taker's now. Any other is closed. */
  take(key: string): HeldDatabase | undefined {
    if (this.kept?.key !== key) this.close();
    const { kept } = this;
    clearTimeout(kept?.expiry);
    this.kept = undefined;
    return kept?.database;
  }

  close(): void {
    clearTimeout(this.kept?.expiry);
    this.kept?.database.close();
    this.kept = undefined;
  }

  /** Only where nothing of the last statement is left in it. */
  keep(key: string, kept: Kept): void {
    this.close();
    const expiry = setTimeout(() => this.close(), keepMs).unref();
    this.kept = { ...kept, key, expiry };
  }
}
