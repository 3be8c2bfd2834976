import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { allRows, type KnownReading, type RunJob, type TableView, workerTemp } from "../protocol.ts";
import type { Database } from "./database.ts";

/** What a statement needs of the database it runs in, all of which is locked once its views are made. */
export interface Suits {
  /** Reads are written down, as parts of files may be missing. */
  isLogged: boolean;
  /** One thread, as it stops after the first rows; and the rows its views are made of. */
  reading: KnownReading;
}

/** A database that a statement left. */
export interface KeptDatabase {
  database: Database;
  suits: Suits;
  /** What its views are of. */
  tables: RunJob["tables"];
  /** Those of its tables that were made of `tableFields`, by the tables' numbers. */
  views: readonly (TableView | undefined)[];
  /** It remembers what it read, within its limit of memory. */
  hasMemory: boolean;
  /** Throws where files were taken from it that are held. */
  check(): void;
}

/** As long as the server holds a table after its last call. */
const keepMs = 30_000;

/**
 * The databases of the last jobs over the same tables, with their views, for the next jobs over them: to make one takes
 * as long as many a question. No more than two beside that of its job, one for statements over all rows and one for
 * others.
 */
export class KeptDatabases {
  private key: string | undefined;
  private readonly kept: (KeptDatabase & { expiry: NodeJS.Timeout })[] = [];
  private readonly others: KeptDatabase[] = [];

  /** The tables of `key`, where a database of them is there still. */
  tablesOf(key: string): RunJob["tables"] | undefined {
    return this.key === key ? this.kept[0]?.tables : undefined;
  }

  /** A database of `key`, which is the taker's now. Those of another key are to be closed, at once where they have memory. */
  take(key: string, suits: Suits): KeptDatabase | undefined {
    if (this.key !== key) this.leave();
    const found = this.kept.find((one) => isSame(one.suits, suits));
    if (found) this.forget(found);
    return found;
  }

  get isEmpty(): boolean {
    return this.kept.length === 0;
  }

  close(): void {
    this.leave();
    this.closeOthers();
  }

  /** Closes what no job can take any more. */
  closeOthers(): void {
    for (const { database } of this.others.splice(0)) database.close();
  }

  /** Only where nothing of the last statement is left in it. */
  keep(key: string, kept: KeptDatabase): void {
    if (this.key !== key) this.leave();
    this.key = key;
    const isOfAll = (one: KeptDatabase) => isSame(one.suits.reading, allRows);
    const replaced = this.kept.filter((one) => isOfAll(one) === isOfAll(kept));
    for (const one of replaced) this.end(one);
    const own = { ...kept, expiry: setTimeout(() => this.end(own), keepMs).unref() };
    this.kept.push(own);
  }

  private leave(): void {
    this.key = undefined;
    for (const one of [...this.kept]) {
      if (one.hasMemory) this.end(one);
      else this.others.push(this.forget(one));
    }
  }

  private end(one: KeptDatabase): void {
    this.forget(one).database.close();
  }

  private forget(one: KeptDatabase): KeptDatabase {
    const at = this.kept.findIndex(({ database }) => database === one.database);
    const [gone] = at < 0 ? [] : this.kept.splice(at, 1);
    clearTimeout(gone?.expiry);
    return one;
  }
}

let tempsMade = 0;

/** Where a database that may be kept has its temporary files: not in the folder of its call, which it outlasts. */
export function keptTemp(): string {
  const parent = workerTemp(process.cwd(), process.pid);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  return join(parent, String(++tempsMade));
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
