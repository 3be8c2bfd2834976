import { kinds } from "./kinds.ts";

const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The kind of an ISO 8601 date or time: `YYYY-MM-DD`, optionally `T` or a blank, `HH:MM`, `:SS`, up to six
 * digits of a second, and `Z` or `±HH:MM`. Years 0001 to 9999, days that exist. Anything else is text.
 */
export function readDateTime(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 10 || !isDate(bytes, start)) return kinds.text;
  if (end - start === 10) return kinds.date;
  const mark = bytes[start + 10];
  if ((mark !== 84 && mark !== 32) || !isClock(bytes, start + 11, end)) return kinds.text;
  let at = start + 16;
  // Behind the last value of a file lies what the buffer held before.
  if (at < end && bytes[at] === 58) {
    if (!(twoDigits(bytes, at + 1, end) <= 59)) return kinds.text;
    at += 3;
    if (at < end && bytes[at] === 46) {
      const from = ++at;
      while (at < end && isDigit(bytes[at])) at++;
      if (at === from || at - from > 6) return kinds.text;
    }
  }
  if (at === end) return kinds.timestamp;
  return isZone(bytes, at, end) ? kinds.zonedTimestamp : kinds.text;
}

function isDate(bytes: Uint8Array, start: number): boolean {
  if (bytes[start + 4] !== 45 || bytes[start + 7] !== 45) return false;
  const year = twoDigits(bytes, start, start + 2) * 100 + twoDigits(bytes, start + 2, start + 4);
  const month = twoDigits(bytes, start + 5, start + 7);
  const day = twoDigits(bytes, start + 8, start + 10);
  if (!(year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1)) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 && !isLeap ? 28 : (daysOfMonth[month - 1] ?? 0));
}

function isClock(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    twoDigits(bytes, start, end) <= 23 && bytes[start + 2] === 58 && twoDigits(bytes, start + 3, end) <= 59
  );
}

/** `Z`, `+HH`, `+HHMM` or `+HH:MM`, up to 15:59, which is what the engine takes. */
function isZone(bytes: Uint8Array, start: number, end: number): boolean {
  const mark = bytes[start];
  if (mark === 90) return end - start === 1;
  if ((mark !== 43 && mark !== 45) || !(twoDigits(bytes, start + 1, end) <= 15)) return false;
  if (end - start === 3) return true;
  const hasColon = bytes[start + 3] === 58;
  return end - start === (hasColon ? 6 : 5) && twoDigits(bytes, start + (hasColon ? 4 : 3), end) <= 59;
}

/** The number at `at`, or `NaN` where there are no two digits before `end`. */
function twoDigits(bytes: Uint8Array, at: number, end: number): number {
  const tens = bytes[at];
  const ones = bytes[at + 1];
  if (at + 2 > end || !isDigit(tens) || !isDigit(ones)) return Number.NaN;
  return (Number(tens) - 48) * 10 + Number(ones) - 48;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
