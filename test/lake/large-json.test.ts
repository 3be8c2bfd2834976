import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

const rowCount = 80_000;

let dir: string;
let lake: TestLake;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sluice-large-"));
  lake = await startTestLake({ settings: { cache: { dir, maxBytes: 4_000_000 } } });
});
afterAll(async () => {
  await lake.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Some 9 MB of records; only the last has the member `late`. */
function records(): string[] {
  return Array.from({ length: rowCount }, (_, id) =>
    JSON.stringify({
      id,
      amount: id % 3 === 0 ? null : id / 4,
      at: `2025-01-0${1 + (id % 9)}T00:00:00`,
      tags: id % 2 === 0 ? ["a", "b"] : [],
      place: { city: `city ${id % 50}`, zip: `0${id % 10}501` },
      ...(id === rowCount - 1 ? { late: "18446744073709551617" } : {}),
    }).replace('"18446744073709551617"', "18446744073709551617"),
  );
}

const figures = `SELECT count(*), sum(id), sum(amount), max("at"), sum(len(tags)), min(place.zip), count(DISTINCT place.city),
  max(late), typeof(any_value("at"))`;

function expected(): unknown[] {
  const ids = Array.from({ length: rowCount }, (_, id) => id);
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
  const amount = sum(ids.filter((id) => id % 3 !== 0).map((id) => id / 4));
  const at = "2025-01-09T00:00:00";
  return [rowCount, sum(ids), amount, at, rowCount, "00501", 50, "18446744073709551617", "TIMESTAMP"];
}

const torn = '{"id":1,';

describe.each([
  ["NDJSON", "a.ndjson", (lines: string[]) => Buffer.from([torn, ...lines].join("\n")), 1],
  [
    "NDJSON in gzip",
    "a.ndjson.gz",
    (lines: string[]) => gzipSync([...lines, torn].join("\n"), { level: 0 }),
    1,
  ],
  ["one JSON document", "a.json", (lines: string[]) => Buffer.from(`[${lines.join(",\n")}]`), 0],
])("%s of more than twice the cache", (_, key, stored, rejectedRows) => {
  test("is queried exactly, and read once", async () => {
    const uri = await lake.put(key, stored(records()));
    const answer = await lake.output("lake_query", { sql: `${figures} FROM '${uri}'` });
    expect(answer.rows[0].map(String)).toEqual(expected().map(String));
    expect(answer.rejectedRows ?? 0).toBe(rejectedRows);
    lake.server.requests.length = 0;
    const profile = await lake.output("lake_profile_dataset", { uri, mode: "whole" });
    expect(profile).toMatchObject({ rowCount, profiledRows: rowCount });
    expect(lake.server.requests.filter(({ method }) => method === "GET")).toEqual([]);
  }, 60_000);
});
