import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { allRows } from "../protocol.ts";
import { type KeptDatabase, KeptDatabases, type Suits } from "./kept-database.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const all: Suits = { isLogged: true, reading: allRows };
const first: Suits = { isLogged: true, reading: { isLimited: true } };
const some: Suits = { isLogged: true, reading: { isLimited: false, rows: [{ file: 0, rows: [7] }] } };

let closed: string[] = [];

function database(name: string, suits: Suits = all, hasMemory = false): KeptDatabase {
  const close = () => void closed.push(name);
  return {
    database: { connection: {} as KeptDatabase["database"]["connection"], giveBack: async () => {}, close },
    suits,
    tables: [],
    views: [],
    hasMemory,
    check: () => {},
  };
}

beforeEach(() => {
  closed = [];
});

test("a database is taken once, by who reads the same tables in the way it was made for", () => {
  const kept = new KeptDatabases();
  const one = database("one");
  kept.keep("t", one);
  expect(kept.take("t", first)).toBeUndefined();
  expect(kept.take("t", { ...all, isLogged: false })).toBeUndefined();
  expect(kept.take("t", all)?.database).toBe(one.database);
  expect(kept.take("t", all)).toBeUndefined();
  expect(closed).toEqual([]);
});

test("there are two of the same tables: of all rows, and of the last statement that read others", () => {
  const kept = new KeptDatabases();
  for (const [name, suits] of Object.entries({ all, first })) kept.keep("t", database(name, suits));
  kept.keep("t", database("some", some));
  expect(closed).toEqual(["first"]);
  expect(kept.take("t", some)).toBeDefined();
  expect(kept.take("t", all)).toBeDefined();
});

test("those of other tables are closed when it suits, and at once where they hold memory", () => {
  const kept = new KeptDatabases();
  kept.keep("t", database("plain"));
  expect(kept.take("u", all)).toBeUndefined();
  expect(kept.take("t", all)).toBeUndefined();
  expect(closed).toEqual([]);
  kept.closeOthers();
  expect(closed).toEqual(["plain"]);
  kept.keep("held", database("with memory", { ...all, isLogged: false }, true));
  expect(kept.take("u", all)).toBeUndefined();
  expect(closed).toEqual(["plain", "with memory"]);
});

test("it is closed after half a minute, unless somebody has it", () => {
  const kept = new KeptDatabases();
  const taken = database("taken", first);
  kept.keep("t", database("left"));
  kept.keep("t", taken);
  expect(kept.take("t", first)).toBeDefined();
  vi.advanceTimersByTime(31_000);
  expect(closed).toEqual(["left"]);
  expect(kept.isEmpty).toBe(true);
  kept.keep("t", taken);
  kept.close();
  expect(closed).toEqual(["left", "taken"]);
  vi.advanceTimersByTime(31_000);
  expect(closed).toEqual(["left", "taken"]);
});
