import { type Look, lookOf } from "./csv-values.ts";

/** Whether the first record names the columns, and whether that had to be assumed. */
export interface HeaderGuess {
  hasHeader: boolean;
  isAssumed: boolean;
}

const nameLike = /^[\p{L}_#$%@(*][\p{L}\p{M}\p{N}\s_.\-/()%#:$€@[\]*?&'+]*$/u;
const maxNameLength = 64;

/**
 * Columns tell: a word above numbers is a name, a number above numbers is data. Where all is text, a first
 * record of short, different words that do not come again below is taken for names, and said to be assumed.
 */
export function guessHeader(records: string[][]): HeaderGuess {
  const [first = [], ...rest] = records;
  const body = rest.slice(0, 200);
  if (body.length === 0) return { hasHeader: first.every(isName), isAssumed: false };
  let speaksFor = 0;
  let speaksAgainst = 0;
  first.forEach((cell, column) => {
    const below = commonLook(body.map((record) => record[column] ?? ""));
    if (below === "text" || below === "empty") return;
    const look = lookOf(cell);
    if (look === "text") speaksFor += 1;
    else if (look === below && !isYearAbove(cell, body, column)) speaksAgainst += 1;
  });
  if (speaksFor + speaksAgainst > 0)
    return { hasHeader: speaksFor >= speaksAgainst && speaksFor > 0, isAssumed: false };
  return { hasHeader: looksLikeNames(first, body), isAssumed: true };
}

/** The look of most cells that are not empty; text where none stands out. */
function commonLook(cells: string[]): Look {
  const looks = cells.map(lookOf).filter((look) => look !== "empty");
  if (looks.length === 0) return "empty";
  const typed = (["number", "date", "boolean"] as const).find(
    (kind) => looks.filter((look) => look === kind).length >= 0.8 * looks.length,
  );
  return typed ?? "text";
}

/** `country,2023,2024` above shares or amounts: years are names there. */
function isYearAbove(cell: string, body: string[][], column: number): boolean {
  const isYear = (text: string) => /^(19|20)\d\d$/.test(text.trim());
  return isYear(cell) && !body.some((record) => isYear(record[column] ?? ""));
}

function looksLikeNames(first: string[], body: string[][]): boolean {
  const unique = new Set(first.map((cell) => cell.trim().toLowerCase()));
  return (
    unique.size === first.length &&
    first.every(
      (cell, column) => isName(cell) || (column === 0 && cell === "") || lookOf(cell) === "number",
    ) &&
    first.some(isName) &&
    !first.some((cell, column) => body.some((record) => record[column] === cell && cell !== ""))
  );
}

function isName(cell: string): boolean {
  const text = cell.trim();
  return text.length <= maxNameLength && lookOf(text) === "text" && nameLike.test(text);
}
