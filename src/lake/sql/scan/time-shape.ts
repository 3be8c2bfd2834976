import type { ValueShape } from "./value-shape.ts";

/** What may stand at one place: a character, and the state behind it. */
type Steps = (state: string, char: string) => string | undefined;

/** Days of the Gregorian calendar from year 1 to 9999, as `YYYY-MM-DD`. */
export const dateShape: ValueShape = { key: "date", next: dateStep, isEnd: (state) => state === "day" };

/** Days, and times of them: see `readDateTime`. */
export const timestampShape: ValueShape = {
  key: "timestamp",
  next: firstOf(dateStep, clockStep),
  isEnd: (state) => state === "day" || isClockEnd(state),
};

/** Times with `Z` or an offset from it. */
export const zonedShape: ValueShape = {
  key: "zoned",
  next: firstOf(dateStep, clockStep, zoneStep),
  isEnd: (state) => state === "zone" || state === "zone hour",
};

function firstOf(...steps: Steps[]): Steps {
  return (state, char) => {
    for (const step of steps) {
      const behind = step(state, char);
      if (behind !== undefined) return behind;
    }
    return undefined;
  };
}

/** A state knows of the year only whether it is a leap year, as far as it is told. */
function dateStep(state: string, char: string): string | undefined {
  const [at = "", ...known] = state.split(" ");
  if (at === "year" || at === "month") return char === "-" ? `${at}- ${known[0]}` : undefined;
  const digit = digitOf(char);
  if (digit === undefined) return undefined;
  switch (at) {
    case "":
      return `y ${digit}`;
    case "y":
      return centuryOf(Number(known[0]) * 10 + digit);
    case "yy":
      return `yyy ${known[0]} ${digit % 2} ${digit === 0}`;
    case "yyy":
      return yearOf(known, digit);
    case "year-":
      return digit <= 1 ? `m ${digit} ${known[0]}` : undefined;
    case "m":
      return monthOf(Number(known[0]) * 10 + digit, known[1] === "leap");
    case "month-":
      return digit <= 3 ? `d ${digit} ${known[0]}` : undefined;
    case "d":
      return isWithin(Number(known[0]) * 10 + digit, 1, Number(known[1])) ? "day" : undefined;
    default:
      return undefined;
  }
}

function centuryOf(century: number): string {
  if (century === 0) return "yy first";
  return century % 4 === 0 ? "yy leap" : "yy plain";
}

function yearOf(
  [century = "", tens = "", isZero = ""]: readonly string[],
  digit: number,
): string | undefined {
  if (isZero === "true" && digit === 0) {
    if (century === "first") return undefined;
    return `year ${century}`;
  }
  return (Number(tens) * 10 + digit) % 4 === 0 ? "year leap" : "year plain";
}

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function monthOf(month: number, isLeap: boolean): string | undefined {
  const days = daysOfMonth[month - 1];
  return days === undefined ? undefined : `month ${month === 2 && isLeap ? 29 : days}`;
}

/** `T` or a blank, hour and minute, perhaps a second, of it up to six digits more. */
function clockStep(state: string, char: string): string | undefined {
  if (state === "day") return char === "T" || char === " " ? "T" : undefined;
  if (state === "minute") return char === ":" ? ":" : undefined;
  if (state === "second") return char === "." ? "part 0" : undefined;
  if (state === "hour") return char === ":" ? "hour:" : undefined;
  const digit = digitOf(char);
  if (digit === undefined) return undefined;
  if (state === "T") return digit <= 2 ? `h ${digit}` : undefined;
  if (state.startsWith("h ")) return state !== "h 2" || digit <= 3 ? "hour" : undefined;
  if (state === "hour:") return digit <= 5 ? "minutes" : undefined;
  if (state === "minutes") return "minute";
  if (state === ":") return digit <= 5 ? "seconds" : undefined;
  if (state === "seconds") return "second";
  const parts = state.startsWith("part ") ? Number(state.slice(5)) : 6;
  return parts < 6 ? `part ${parts + 1}` : undefined;
}

function isClockEnd(state: string): boolean {
  return state === "minute" || state === "second" || (state.startsWith("part ") && state !== "part 0");
}

/** `Z`, `±HH`, `±HHMM` or `±HH:MM`, up to 15:59. */
function zoneStep(state: string, char: string): string | undefined {
  if (isClockEnd(state)) {
    if (char === "Z") return "zone";
    return char === "+" || char === "-" ? "±" : undefined;
  }
  if (state === "zone hour" && char === ":") return "zone:";
  const digit = digitOf(char);
  if (digit === undefined) return undefined;
  if (state === "±") return digit <= 1 ? `± ${digit}` : undefined;
  if (state === "± 0" || state === "± 1") return state === "± 0" || digit <= 5 ? "zone hour" : undefined;
  if (state === "zone hour" || state === "zone:") return digit <= 5 ? "zone minutes" : undefined;
  return state === "zone minutes" ? "zone" : undefined;
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function digitOf(char: string): number | undefined {
  return char >= "0" && char <= "9" ? Number(char) : undefined;
}
