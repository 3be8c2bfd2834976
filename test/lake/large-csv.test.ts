import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

const megabyte = 1_000_000;
const maxBytes = 20 * megabyte;
const rowCount = 600_000;

let dir: string;
let lake: TestLake;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sluice-large-"));
  lake = await startTestLake({ settings: { cache: { dir, maxBytes } } });
});
afterAll(async () => {
  await lake.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Of the row `id`: quotes and line ends, `""`, nothing at all. */
function noteOf(id: number): string {
  if (id % 11 === 0) return `"a ""quoted"" note,\nin two lines ${id % 977}"`;
  return id % 13 === 0 ? '""' : id % 17 === 0 ? "" : `note ${id % 977}`;
}

/** Some 60 MB: two records that are no rows, an amount that is missing now and then, one late value that is no number. */
function table(): string {
  const lines = ["id,late,amount,day,note,zip,filling"];
  for (let id = 0; id < rowCount; id++) {
    const late = id === rowCount - 1 ? "none" : id % 100;
    const amount = id % 5 === 0 ? "" : `${id % 1000}.25`;
    lines.push(
      `${id},${late},${amount},2025-0${1 + (id % 9)}-1${id % 10},${noteOf(id)},0${id % 10}501,${"·".repeat(25)}`,
    );
    if (id === 1_000) lines.push("a,record,with,too,many,fields,in,it");
    if (id === 500_000) lines.push("too,few");
  }
  return lines.join("\n");
}

const figures = `SELECT count(*), sum(id), max(late), sum(amount), count(amount), min(day), max(day), count(note),
  count(*) FILTER (WHERE note = ''), count(DISTINCT note), min(zip), typeof(any_value(amount)), typeof(any_value(day))`;

/** What `figures` must be, by the rule the rows are made by. */
function expected(): unknown[] {
  const ids = Array.from({ length: rowCount }, (_, id) => id);
  const amounts = ids.filter((id) => id % 5 !== 0).map((id) => (id % 1000) + 0.25);
  const notes = ids.map(noteOf).filter((note) => note !== "");
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
  return [
    rowCount,
    (rowCount * (rowCount - 1)) / 2,
    "none",
    sum(amounts),
    amounts.length,
    "2025-01-10",
    "2025-09-19",
    notes.length,
    notes.filter((note) => note === '""').length,
    new Set(notes).size,
    "00501",
    "DOUBLE",
    "DATE",
  ];
}

async function bytesOnDisk(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0);
}

describe.each([
  ["plain", "large.csv", (text: string) => Buffer.from(text)],
  ["in gzip", "large.csv.gz", (text: string) => gzipSync(text, { level: 1 })],
  ["in Latin-1", "latin.csv", (text: string) => Buffer.from(text, "latin1")],
])("a CSV of three times the cache, %s", (_, key, stored) => {
  test("is queried exactly, its rejected rows left out and counted, within the cache's bound", async () => {
    const uri = await lake.put(key, stored(table()));
    const answer = await lake.output("lake_query", { sql: `${figures} FROM '${uri}'` });
    expect(answer.rows[0].map(String)).toEqual(expected().map(String));
    expect(answer.rejectedRows).toBe(2);
    expect(answer.rejects).toMatchObject([
      { uri, reason: "8 fields where 7 are expected" },
      { uri, reason: "2 fields where 7 are expected" },
    ]);
    // The call's own folder goes just after its answer.
    await expect.poll(() => bytesOnDisk(dir), { timeout: 10_000 }).toBeLessThan(maxBytes);
  }, 120_000);

  test("is read no second time, whatever is asked of it next", async () => {
    const uri = `s3://lake/${key}`;
    lake.server.requests.length = 0;
    const { rows } = await lake.output("lake_query", { sql: `SELECT count(*) FROM '${uri}'` });
    expect(rows).toEqual([[rowCount]]);
    const profile = await lake.output("lake_profile_dataset", { uri, mode: "whole" });
    expect(profile).toMatchObject({ rowCount, profiledRows: rowCount });
    const filtered = await lake.output("lake_read_rows", {
      uri,
      filter: "id >= 599998",
      columns: ["id", "late"],
    });
    expect(filtered.rows).toEqual([
      [599_998, "98"],
      [599_999, "none"],
    ]);
    expect(lake.server.requests.filter(({ method }) => method === "GET")).toEqual([]);
  }, 120_000);
});
