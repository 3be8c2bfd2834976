import { uniqueNames } from "../formats/column-names.ts";
import type { Column } from "../sql/engine.ts";
import { type Clash, dropClashing } from "./partition-clash.ts";

/** `members`: present where some column has another name than its member in the records. */
export interface JsonColumns extends Clash {
  members: { members?: string[] };
}

/** The columns of JSON records, by members' names made fit to be columns as a CSV header's are. */
export function jsonColumns(found: readonly Column[], partitionColumns: readonly Column[]): JsonColumns {
  const { columns: own, notes: clashNotes } = dropClashing(found, partitionColumns);
  const written = own.map(({ name }) => name);
  // What is made up must not be the name of a folder's column either.
  const { names, notes } = uniqueNames([...written, ...partitionColumns.map(({ name }) => name)]);
  return {
    columns: own.map((column, at) => ({ ...column, name: names[at] ?? column.name })),
    members: written.some((name, at) => name !== names[at]) ? { members: written } : {},
    notes: [...clashNotes, ...notes],
  };
}
