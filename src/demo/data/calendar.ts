/** The shop's data ends with the year 2025; everything is UTC. */
export const lastDay = new Date("2025-12-31T00:00:00Z");

const dayMs = 86_400_000;

/** Midnights of the last days of the data, oldest first. */
export function lastDays(count: number): Date[] {
  return Array.from({ length: count }, (_, index) => addDays(lastDay, index + 1 - count));
}

export function addDays(day: Date, days: number): Date {
  return new Date(day.getTime() + days * dayMs);
}

/** `2025-12-31`. */
export function isoDay(day: Date): string {
  return day.toISOString().slice(0, 10);
}

/** When a nightly job has written the data of a day: at 02:15 of the next. */
export function writtenAfter(day: Date): Date {
  return new Date(day.getTime() + dayMs + 135 * 60_000);
}
