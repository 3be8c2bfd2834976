export interface ColumnNames {
  names: string[];
  /** What was changed, for the reader. */
  notes: string[];
}

/**
 * Names as written, made fit to be columns: surrounding spaces removed, empty ones named `column_3` by their
 * place, repeated ones (upper and lower case are the same to SQL) told apart as `name_2`. Names stay data:
 * `__proto__` is a name like any other.
 */
export function toColumnNames(written: readonly string[]): ColumnNames {
  const trimmed = written.map((name) => name.trim());
  const { names, notes } = uniqueNames(trimmed);
  const hadSpaces = written.some((name, index) => name !== trimmed[index]);
  return { names, notes: hadSpaces ? [...notes, spacesNote] : notes };
}

const spacesNote = "spaces around column names were removed; values keep theirs";

/** The same of names that keep their spaces. */
export function uniqueNames(written: readonly string[]): ColumnNames {
  // Names as written go first, so that a made-up one never takes theirs.
  const reserved = new Set(written.map(fold));
  const taken = new Set<string>();
  const lastNumber = new Map<string, number>();
  const renamed: string[] = [];
  const names = written.map((name, index) => {
    const wanted = name === "" ? `column_${index + 1}` : name;
    if (name !== "" && !taken.has(fold(name))) {
      taken.add(fold(name));
      return name;
    }
    const isTaken = (candidate: string) => reserved.has(candidate) || taken.has(candidate);
    const start = lastNumber.get(fold(wanted)) ?? (name === "" ? 0 : 1);
    const [given, number] = firstFree(wanted, start + 1, isTaken);
    lastNumber.set(fold(wanted), number);
    taken.add(fold(given));
    renamed.push(
      name === ""
        ? `column ${index + 1} has no name: ${given}`
        : `column ${index + 1} repeats "${name}": ${given}`,
    );
    return given;
  });
  return { names, notes: renamed.length === 0 ? [] : [`renamed: ${shortList(renamed)}`] };
}

/** `base` itself for a start of 1, else `base_2`, `base_3` …, whichever is not taken. */
function firstFree(base: string, start: number, isTaken: (folded: string) => boolean): [string, number] {
  for (let number = start; ; number += 1) {
    const candidate = number === 1 ? base : `${base}_${number}`;
    if (!isTaken(fold(candidate))) return [candidate, number];
  }
}

/** DuckDB compares names so: ASCII letters without regard to case. */
function fold(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function shortList(items: string[]): string {
  const shown = items.slice(0, 5).join("; ");
  return items.length > 5 ? `${shown}; and ${items.length - 5} more` : shown;
}
