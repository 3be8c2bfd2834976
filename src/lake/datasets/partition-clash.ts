import type { Column } from "../sql/engine.ts";

/**
 * Columns in the files that bear the name of a partition folder. The folder's value wins, as in Hive, and the
 * files' own is given under another name, or said to be left out.
 */
export interface Clash {
  columns: Column[];
  notes: string[];
}

/** CSV columns are told apart by place, so one can be renamed. */
export function renameClashing(columns: readonly Column[], partitionColumns: readonly Column[]): Clash {
  const taken = new Set([...columns, ...partitionColumns].map(({ name }) => name.toLowerCase()));
  const clashes = clashTest(partitionColumns);
  const notes: string[] = [];
  const renamed = columns.map((column) => {
    if (!clashes(column)) return column;
    let name = `${column.name}_in_file`;
    while (taken.has(name.toLowerCase())) name = `${name}_`;
    taken.add(name.toLowerCase());
    notes.push(
      `column ${column.name} is in the files and in their folders: the folders' value is given, the files' as ${name}`,
    );
    return { ...column, name };
  });
  return { columns: renamed, notes };
}

/** JSON columns are told apart by name, so a clashing one is left out. */
export function dropClashing(columns: readonly Column[], partitionColumns: readonly Column[]): Clash {
  const clashes = clashTest(partitionColumns);
  return {
    columns: columns.filter((column) => !clashes(column)),
    notes: columns
      .filter(clashes)
      .map(
        ({ name }) => `column ${name} is in the files and in their folders: only the folders' value is given`,
      ),
  };
}

function clashTest(partitionColumns: readonly Column[]): (column: Column) => boolean {
  const names = new Set(partitionColumns.map(({ name }) => name.toLowerCase()));
  return ({ name }) => names.has(name.toLowerCase());
}
