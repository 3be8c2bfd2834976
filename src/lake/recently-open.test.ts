import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RecentlyOpen } from "./recently-open.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is closed, in order. */
function openOf(most: number) {
  const closed: string[] = [];
  const known = new RecentlyOpen<{ close(): void }>(most);
  const open = (key: string) => known.set(key, { close: () => void closed.push(key) });
  return { known, open, closed };
}

test("what is forgotten is closed once its calls have ended, and what was used meanwhile is not", () => {
  const { known, open, closed } = openOf(2);
  open("a");
  open("b");
  known.get("a");
  open("c");
  expect([known.get("b"), closed]).toEqual([undefined, []]);
  vi.advanceTimersByTime(60 * 60_000);
  expect(closed).toEqual(["b"]);
});

test("an end closes everything once, also what waits to be closed and what comes after one that fails", async () => {
  const { known, open, closed } = openOf(2);
  for (const key of ["a", "b"]) open(key);
  known.set("broken", {
    close() {
      throw new Error("It is closed.");
    },
  });
  await known.close();
  expect(closed.sort()).toEqual(["a", "b"]);
  vi.advanceTimersByTime(60 * 60_000);
  expect(closed.sort()).toEqual(["a", "b"]);
});
