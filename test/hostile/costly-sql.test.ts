import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quickestMs } from "../harness/quickest.ts";
import { startTestSql, type TestSql } from "../harness/sql-engine.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql({ workers: 2, tempBytes: 64 << 20, maxResultBytes: 2 ** 32 });
  await sql.run("SELECT 1");
});
afterAll(() => sql.close());

const endless: [string, string][] = [
  ["a cross join", "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7"],
  [
    "an endless recursion",
    "WITH RECURSIVE r AS (SELECT 1 i UNION ALL SELECT (i + 1) % 10 FROM r) SELECT count(*) FROM r",
  ],
  ["a long range", "SELECT sum(sqrt(range)) FROM range(200000000000)"],
  ["a scalar function that never looks up", "SELECT levenshtein(repeat('a', 400000), repeat('b', 400000))"],
  [
    "a regular expression over a long text",
    "SELECT sum(length(regexp_replace(repeat('ab', 5000), '(a|b)*c', range::VARCHAR, 'g'))) FROM range(100000000)",
  ],
];

const times = (text: string, chars: number) => text.repeat(Math.floor(chars / text.length));
const ids = (count: number) => Array.from({ length: count }, (_, at) => at);

/** What no machine this runs on takes: that a call is stopped at all, and soon, shows without counting moments. */
const generousMs = 10_000;

test.each(endless)("%s is stopped at its deadline, and the next call is answered", async (_, statement) => {
  const startedMs = performance.now();
  await expect(sql.run(statement, [], { timeoutMs: 1_000 })).rejects.toMatchObject({
    code: expect.stringMatching(/^(timeout|too_large)$/),
  });
  expect(performance.now() - startedMs).toBeLessThan(generousMs);
  expect((await sql.run("SELECT 1")).rows).toEqual([[1]]);
});

test("a statement without end is stopped within a second of its deadline", async () => {
  const overMs = await quickestMs(3, async () => {
    const startedMs = performance.now();
    await expect(sql.run(endless[0]![1], [], { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringMatching(/lake\.query\.timeoutMs.*takes as long again.*fewer/),
      // It takes as long again: a client that tries again by itself would do so for nothing.
      retryable: false,
    });
    return performance.now() - startedMs - 1_000;
  });
  expect(overMs).toBeLessThan(1_000);
});

test("a caller that goes away stops its query, and the next call is answered within two seconds", async () => {
  const answeredMs = await quickestMs(3, async () => {
    const controller = new AbortController();
    const { ended } = await sql.begin(controller.signal);
    const startedMs = performance.now();
    controller.abort();
    await expect(ended).rejects.toMatchObject({ code: "timeout" });
    expect((await sql.run("SELECT 1")).rows).toEqual([[1]]);
    return performance.now() - startedMs;
  });
  expect(answeredMs).toBeLessThan(2_000);
});

test.each([
  ["a list", "SELECT len(range(500000000))"],
  ["a text", "SELECT length(repeat('x', 2000000000))"],
  ["an aggregate", "SELECT len(list(range)) FROM range(200000000)"],
  [
    "a hash join",
    "SELECT count(*) FROM range(50000000) a JOIN range(50000000) b ON md5(a.range::VARCHAR) = md5(b.range::VARCHAR)",
  ],
  ["a text of many parts", "SELECT length(string_agg(md5(range::VARCHAR), '')) FROM range(100000000)"],
])("%s too large for the memory bound is refused as such", async (_, statement) => {
  await expect(sql.run(statement)).rejects.toMatchObject({ code: "too_large" });
});

test("a sort that spills past the temp space is refused as such, and leaves nothing on disk", async () => {
  const spilling = "SELECT md5(range::VARCHAR) m, repeat('x', 100) FROM range(20000000) ORDER BY m";
  await expect(sql.run(spilling)).rejects.toMatchObject({ code: "too_large" });
  const roots = await readdir(sql.scratchDir);
  for (const root of roots) expect(await readdir(join(sql.scratchDir, root, "calls"))).toEqual([]);
});

test("thousands of UNIONs either run or are refused, and cost no more than their call", async () => {
  const unions = Array.from({ length: 5_000 }, (_, at) => `SELECT ${at}`).join(" UNION ALL ");
  const outcome = await sql.run(`SELECT count(*) FROM (${unions})`).then(
    ({ rows }) => rows[0]?.[0],
    (thrown: { code: string }) => thrown.code,
  );
  expect([5_000, "invalid_input", "unsupported", "too_large", "timeout"]).toContain(outcome);
  expect((await sql.run("SELECT 1")).rows).toEqual([[1]]);
});

test.each([
  ["parentheses", `SELECT ${"(".repeat(20_000)}1${")".repeat(20_000)}`],
  ["a chain of operators", `SELECT ${Array.from({ length: 20_000 }, () => "1").join("+")}`],
  ["nested lists", `SELECT ${"[".repeat(5_000)}1${"]".repeat(5_000)}`],
  ["nested subqueries", `${"SELECT * FROM (".repeat(3_000)}SELECT 1${")".repeat(3_000)}`],
  ["a statement of a megabyte", `SELECT '${"x".repeat(1_000_000)}'`],
])("%s: refused or run, never a dead server", async (_, statement) => {
  const outcome = await sql.run(statement).then(
    () => "ran",
    (thrown: { code: string }) => thrown.code,
  );
  expect(["ran", "invalid_input", "unsupported", "too_large"]).toContain(outcome);
  expect((await sql.run("SELECT 1")).rows).toEqual([[1]]);
});

test.each([
  ["comments that begin in each other", times("/*", 64_000)],
  ["comments that begin where one ends", `SELECT ${times("/**/", 64_000)}1`],
  ["signs", `SELECT ${times("+", 64_000)}1`],
  ["signs of both kinds", `SELECT 1 ${times("-+", 64_000)}1`],
])("64 KB of %s are refused and not given to the engine", async (_, statement) => {
  // A worker that begins to read them answers nothing for as long as this call may take.
  const run = sql.run(statement, [], { timeoutMs: 20_000 });
  await expect(run).rejects.toMatchObject({
    code: "invalid_input",
    message: expect.stringMatching(/ are allowed\. /),
  });
});

test.each([
  ["5,000 ids", `SELECT count(*) FROM range(10000) t(id) WHERE id IN (${ids(5_000).join(",")})`, 5_000],
  [
    "5,000 texts",
    `SELECT count(*) FROM range(10000) t(id) WHERE id::VARCHAR IN (${ids(5_000).map((id) => `'${id}'`)})`,
    5_000,
  ],
  [
    "5,000 alternatives",
    `SELECT count(*) FROM range(10000) t(id) WHERE ${ids(5_000)
      .map((id) => `id=${id}`)
      .join(" OR ")}`,
    5_000,
  ],
  ["a comment to each value", `SELECT len([${ids(3_000).map((id) => `${id} /* is ${id} */`)}])`, 3_000],
])("a statement of %s runs", async (_, statement, answer) => {
  expect((await sql.run(statement)).rows).toEqual([[answer]]);
});

test("more calls than workers wait their turn, and all are answered", async () => {
  const pages = await Promise.all(Array.from({ length: 12 }, (_, at) => sql.run(`SELECT ${at}`)));
  expect(pages.map(({ rows }) => rows[0]?.[0])).toEqual(Array.from({ length: 12 }, (_, at) => at));
});

test("a call that waits too long for a worker is told so, and can be retried", async () => {
  const busy = await startTestSql(
    { workers: 1, timeoutMs: 25_000, maxResultBytes: 2 ** 32 },
    { waitMs: 2_500, maxWaiting: 1 },
  );
  try {
    await busy.run("SELECT 1");
    const leaving = new AbortController();
    const { ended } = await busy.begin(leaving.signal);
    const waiting = busy.run("SELECT 1");
    const third = busy.run("SELECT 1");
    const refusal = { code: "unavailable", retryable: true };
    await Promise.all([waiting, third].map((call) => expect(call).rejects.toMatchObject(refusal)));
    leaving.abort();
    await expect(ended).rejects.toMatchObject({ code: "timeout" });
  } finally {
    await busy.close();
  }
});
