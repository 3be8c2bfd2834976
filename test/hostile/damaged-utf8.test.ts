import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;
beforeAll(async () => {
  lake = await startTestLake();
}, 60_000);
afterAll(() => lake?.stop());

const bad = Buffer.from([0xff]);

/** Lines with letters past ASCII, and one bad byte in the line numbered `badLine` (from 1). */
function damaged(lines: readonly string[], badLine: number): Buffer {
  return Buffer.concat(
    lines.flatMap((line, at) => {
      const cut = line.indexOf("caf");
      const parts = at + 1 === badLine ? [line.slice(0, cut), bad, line.slice(cut)] : [line];
      return [...parts, "\n"].map((part) => (typeof part === "string" ? Buffer.from(part) : part));
    }),
  );
}

const csv = (rows: number) => [
  "id,name",
  ...Array.from({ length: rows }, (_, n) => `${n},caf\u00e9-m\u00fcller`),
];
const ndjson = (rows: number) =>
  Array.from({ length: rows }, (_, n) => `{"id":${n},"name":"caf\u00e9-m\u00fcller"}`);

describe.each([
  ["a few lines", 15, 4],
  ["its second line", 15, 2],
  ["its last line", 15, 15],
  ["2 MB", 150_000, 110_000],
])("one bad byte at %s", (_where, rows, badLine) => {
  test.each([
    ["as it is", {}, false],
    ["with its encoding said", { encoding: "utf-8" }, false],
    ["compressed", {}, true],
  ])("of CSV costs its record only, %s", async (how, hints, isCompressed) => {
    const name = `csv-${rows}-${badLine}-${how.length}.csv`;
    const body = damaged(csv(rows), badLine);
    const uri = await lake.put(name + (isCompressed ? ".gz" : ""), isCompressed ? gzipSync(body) : body);
    const page = await lake.output("lake_read_rows", { uri, limit: 1, ...hints });
    expect(page.rows).toEqual([[badLine === 2 ? 1 : 0, "caf\u00e9-m\u00fcller"]]);
    expect(page.rejectedRows).toBe(1);
    expect(page.rejects).toMatchObject([{ line: badLine, reason: "not valid UTF-8" }]);
    expect(page.notes.join()).toContain("say so with the argument encoding");
    const sources = { t: { uri, ...hints } };
    const counted = await lake.output("lake_query", {
      sql: "SELECT count(*), count(DISTINCT name) FROM t",
      sources,
    });
    expect(counted.rows).toEqual([[rows - 1, 1]]);
  });

  test("of NDJSON costs its line only", async () => {
    const uri = await lake.put(`lines-${rows}-${badLine}.ndjson`, damaged(ndjson(rows), badLine));
    for (const hints of [{}, { encoding: "utf-8" }]) {
      const page = await lake.output("lake_read_rows", { uri, limit: 1, ...hints });
      expect(page).toMatchObject({
        rejectedRows: 1,
        rejects: [{ line: badLine, reason: "not valid UTF-8" }],
      });
      const counted = await lake.output("lake_query", {
        sql: "SELECT count(*), count(DISTINCT name) FROM t",
        sources: { t: { uri, ...hints } },
      });
      expect(counted.rows).toEqual([[rows - 1, 1]]);
    }
  });
});

test("a quoted record of several lines is one reject, and the lines after it keep their numbers", async () => {
  const start = Buffer.from('id,name\n1,"m\u00fc\n\u00e9');
  const end = Buffer.from('"\n2,\u00fcber\n3,\u00e9');
  const uri = await lake.put(
    "several.csv",
    Buffer.concat([start, bad, end, bad, Buffer.from("\n4,\u00fc\u00e9\n")]),
  );
  const page = await lake.output("lake_read_rows", { uri });
  expect(page.rows).toEqual([
    [2, "\u00fcber"],
    [4, "\u00fc\u00e9"],
  ]);
  expect(page.rejects.map(({ line }: { line: number }) => line)).toEqual([2, 5]);
});

test("latin-1 is still read as such", async () => {
  const uri = await lake.put("old.csv", Buffer.from(csv(15).join("\n"), "latin1"));
  const page = await lake.output("lake_read_rows", { uri, limit: 1 });
  expect(page.rows).toEqual([[0, "caf\u00e9-m\u00fcller"]]);
  expect(page.rejectedRows).toBeUndefined();
});
