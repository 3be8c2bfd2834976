/** Numbers with decimals that differ by less than this part of the greater are the same: not all sides sum exactly. */
const tolerance = 1e-9;

/** What is different between two answers, in words; undefined where they are the same. */
export function differenceOf(
  mine: readonly unknown[][],
  reference: readonly unknown[][],
): string | undefined {
  if (mine.length !== reference.length) return `${mine.length} rows and not ${reference.length}`;
  for (const [at, row] of reference.entries()) {
    const own = mine[at] ?? [];
    if (own.length !== row.length) return `row ${at + 1} has ${own.length} values and not ${row.length}`;
    for (const [column, value] of row.entries()) {
      if (!isSame(own[column], value)) {
        return `row ${at + 1}, value ${column + 1}: ${JSON.stringify(own[column])} and not ${JSON.stringify(value)}`;
      }
    }
  }
  return undefined;
}

/** Each side writes values in its own way: a 64-bit number as text, a date as the instant it begins. */
function isSame(one: unknown, other: unknown): boolean {
  const [a, b] = [plain(one), plain(other)];
  if (a === b) return true;
  if (a === undefined || b === undefined || (isWhole(a) && isWhole(b))) return false;
  const [x, y] = [Number(a), Number(b)];
  if (a === "" || b === "" || !Number.isFinite(x) || !Number.isFinite(y)) return false;
  return Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y));
}

function isWhole(text: string): boolean {
  return /^-?\d+$/.test(text);
}

function plain(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return String(value).replace(/^(\d{4}-\d\d-\d\d)[T ]00:00:00(\.0+)?Z?$/, "$1");
}
