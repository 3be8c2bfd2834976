import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

const megabyte = 1_000_000;

let dir: string;
let lake: TestLake;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sluice-plain-"));
  lake = await startTestLake({ settings: { cache: { dir, maxBytes: 400 * megabyte } } });
});
afterAll(async () => {
  await lake.stop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  lake.server.requests.length = 0;
});

const rowCount = 36_000;
const columns = ["id", "money", "measure", "flag", "day", "moment", "zoned", "word", "long", "exact", "gap"];
const two = (value: number) => String(value).padStart(2, "0");

function row(id: number): string[] {
  return [
    String(id),
    `${id % 1000}.${two(id % 100)}`,
    id % 7 === 0 ? "" : String(id / 8),
    id % 2 === 0 ? "true" : "False",
    `20${two(id % 30)}-${two(1 + (id % 12))}-${two(1 + (id % 28))}`,
    `2024-02-29 ${two(id % 24)}:30:00${id % 3 === 0 ? ".25" : ""}`,
    `2024-02-${two(1 + (id % 29))}T00:00:00Z`,
    `word ${id % 977} ${"·".repeat(20)}`,
    `8${String(id).padStart(18, "0")}`,
    `12345678901234567.${id % 10}`,
    "",
  ];
}

type Change = (rows: string[][]) => void;

/** The same rows but for what `change` makes of them. Some 5 MB, which is more than is read without a look at all of it. */
function sheet(change: Change = () => {}): string {
  const rows = Array.from({ length: rowCount }, (_, id) => row(id));
  change(rows);
  return [columns.join(","), ...rows.map((fields) => fields.join(","))].join("\n");
}

const late = (column: string, value: string): Change => {
  return (rows) => {
    const fields = rows[rowCount - 3];
    if (fields) fields[columns.indexOf(column)] = value;
  };
};

const longDoubles = (value: string): Change => {
  return (rows) => {
    for (const [id, fields] of rows.entries()) fields[2] = String(id / 7);
    late("measure", value)(rows);
  };
};

const summary = [
  "SELECT count(*)",
  ...columns.flatMap((name) => [
    `count(${name})`,
    `min(${name})`,
    `max(${name})`,
    `typeof(any_value(${name}))`,
    `sum(hash(${name}))::VARCHAR`,
  ]),
].join(", ");

/** The answer, without what names the file. */
async function asked(uri: string) {
  const { rows, columns, rejectedRows, rejects } = await lake.output("lake_query", {
    sql: `${summary} FROM '${uri}'`,
  });
  const shown = (rejects ?? []).map(({ line, reason }: { line: number; reason: string }) => [line, reason]);
  return { rows, columns, rejectedRows, shown };
}

describe("a file that is read as it is stored answers as one does that is scanned", () => {
  test.each<readonly [string, Change | undefined]>([
    ["nothing unusual", undefined],
    ["a leading zero", late("id", "007")],
    ["an exponent", late("money", "1e5")],
    ["a number beyond a double", late("money", "1e400")],
    ["a blank before a number", late("id", " 12")],
    ["a zero behind the point", late("money", "1.10")],
    ["a point in whole numbers", late("id", "1.5")],
    ["twenty digits", late("id", "12345678901234567890")],
    ["twenty digits in a column of nineteen", late("long", "12345678901234567890")],
    ["a point in a column of nineteen digits", late("long", "0.5")],
    ["seventeen digits in a column of few", late("measure", "0.12345678901234567")],
    ["seventeen digits that a double gives back", late("measure", "0.10000000000000002")],
    ["more digits than a double has", late("measure", "0.123456789012345678901")],
    ["seventeen digits everywhere", longDoubles("0.5")],
    ["seventeen digits everywhere, one too many", longDoubles("0.123456789012345678")],
    ["seventeen digits everywhere, one beyond a double", longDoubles("1e400")],
    ["seventeen digits everywhere, one below a double", longDoubles("1e-400")],
    ["seventeen digits everywhere, one with an exponent", longDoubles("1.5E7")],
    ["seventeen digits everywhere, a long whole number", longDoubles("12345678901234567")],
    ["seventeen digits everywhere, a word", longDoubles("none")],
    ["more places than before", late("exact", "1.25")],
    ["the word NULL", late("measure", "NULL")],
    ["a word among truths", late("flag", "yes")],
    ["a truth in capitals", late("flag", "TRUE")],
    ["a day that is none", late("day", "2023-02-29")],
    ["a leap day", late("day", "2024-02-29")],
    ["a time among days", late("day", "2024-02-29T12:00")],
    ["a zone among times", late("moment", "2024-02-29 12:00:00Z")],
    ["a number in an empty column", late("gap", "12")],
    ["a word in an empty column", late("gap", "none")],
    ["quotes around a separator", late("word", '"a, b"')],
    ["quotes around a number", late("id", '"12"')],
    ["quotes around nothing in a number", late("measure", '""')],
    ["quotes around nothing in a text", late("word", '""')],
    ["a line end in quotes", late("word", '"two\nlines"')],
    ["a quote inside a field", late("word", '5" pipe')],
    ["a quote that is never closed", late("word", '"open')],
    ["a carriage return", late("word", "a\rb")],
    ["a NUL", late("word", "a\0b")],
    ["a field too many", (rows) => rows[50_000]?.push("more")],
    ["an empty field too many", (rows) => rows[50_000]?.push("")],
    ["a field too few", (rows) => rows[50_000]?.pop()],
    ["a blank line", (rows) => rows.splice(50_000, 1, [""])],
  ])(
    "with %s",
    async (name, change) => {
      const text = sheet(change);
      const key = name.replaceAll(" ", "-");
      const stored = await asked(await lake.put(`${key}.csv`, text));
      const scanned = await asked(await lake.put(`${key}.csv.gz`, gzipSync(text, { level: 1 })));
      expect(stored).toEqual(scanned);
    },
    60_000,
  );

  test("with a byte that is no UTF-8", async () => {
    const bytes = Buffer.from(sheet());
    bytes[bytes.length - 200] = 0xff;
    const stored = await asked(await lake.put("damaged.csv", bytes));
    expect(stored).toEqual(await asked(await lake.put("damaged.csv.gz", gzipSync(bytes, { level: 1 }))));
    expect(stored.rejectedRows).toBe(1);
  }, 60_000);
});

test("its rows are counted, and it is fetched once for whatever is asked", async () => {
  const text = sheet();
  const uri = await lake.put("once.csv", text);
  const { rows } = await lake.output("lake_query", { sql: `SELECT count(*) n FROM '${uri}'` });
  expect(rows).toEqual([[rowCount]]);
  await lake.output("lake_query", { sql: `${summary} FROM '${uri}'` });
  expect(await lake.output("lake_profile_dataset", { uri, mode: "whole" })).toMatchObject({ rowCount });
  expect(await lake.output("lake_get_metadata", { uri })).toBeDefined();
  const fetched = lake.server.requests.filter(({ method }) => method === "GET");
  // The start tells the form; the rest comes by ranges, none twice.
  expect(fetched.length).toBeLessThanOrEqual(3);
}, 60_000);

test("files of a folder have the types that all of them together have", async () => {
  await lake.put("parts/day=1/a.csv", sheet());
  await lake.put("parts/day=2/b.csv", sheet(late("id", "0.5")));
  await lake.put("parts/day=3/c.csv", sheet(late("day", "2024-02-29 12:00")));
  const sql = `SELECT day_in_file IS NULL, count(*), typeof(any_value(id)), typeof(any_value(day_in_file)),
    typeof(any_value(money)) FROM 's3://lake/parts/' GROUP BY 1`;
  const { rows } = await lake.output("lake_query", { sql });
  expect(rows).toEqual([[false, 3 * rowCount, "DOUBLE", "TIMESTAMP", "DOUBLE"]]);
}, 60_000);

test("on local disk it is read where it lies, and never answered of when it is written over meanwhile", async () => {
  const path = await lake.write("local.csv", sheet());
  const first = await lake.output("lake_query", { sql: `SELECT count(*), max(id) FROM '${path}'` });
  expect(first.rows).toEqual([[rowCount, rowCount - 1]]);
  await lake.write("local.csv", sheet(late("id", "99999999")));
  const second = await lake.output("lake_query", { sql: `SELECT count(*), max(id) FROM '${path}'` });
  expect(second.rows).toEqual([[rowCount, 99_999_999]]);
}, 60_000);

test("a file of more than 64 MB is looked at while it comes, and fetched once", async () => {
  const part = Array.from({ length: 1_000 }, (_, id) => `${id},${id / 8},${"·".repeat(40)}`).join("\n");
  const uri = await lake.put("large.csv", `id,eighth,filling\n${`${part}\n`.repeat(800)}`);
  const sql = `SELECT count(*), sum(id), sum(eighth), typeof(any_value(eighth)) FROM '${uri}'`;
  const { rows } = await lake.output("lake_query", { sql });
  expect(rows).toEqual([[800_000, 399_600_000, 49_950_000, "DOUBLE"]]);
  const ranges = lake.server.requests
    .filter(({ method }) => method === "GET")
    .map(({ headers }) => headers.range);
  expect(new Set(ranges).size).toBe(ranges.length);
  expect(ranges.length).toBeLessThan(16);
  const profile = await lake.output("lake_profile_dataset", { uri, mode: "whole", columns: ["eighth"] });
  expect(profile).toMatchObject({ rowCount: 800_000, profiledRows: 800_000 });
  expect(profile.columns[0]).toMatchObject({ type: "DOUBLE", nulls: 0, min: 0, max: 124.875, mean: 62.4375 });
}, 60_000);

test("a large file that is not so simple after all goes on from what was fetched", async () => {
  const part = Array.from({ length: 1_000 }, (_, id) => `${id},${id / 8},${"·".repeat(40)}`).join("\n");
  const uri = await lake.put("mostly.csv", `id,eighth,filling\n${`${part}\n`.repeat(800)}1,2\n`);
  const { rows, rejectedRows } = await lake.output("lake_query", {
    sql: `SELECT count(*), sum(id) FROM '${uri}'`,
  });
  expect(rows).toEqual([[800_000, 399_600_000]]);
  expect(rejectedRows).toBe(1);
  const ranges = lake.server.requests
    .filter(({ method }) => method === "GET")
    .map(({ headers }) => headers.range);
  expect(ranges.length).toBeLessThan(16);
}, 60_000);

test("an object that is replaced while it comes is changed or read whole, never mixed", async () => {
  const of = (value: number) => `id,v\n${`${value},${value}\n`.repeat(5_000_000)}`;
  const uri = await lake.put("replaced.csv", of(1));
  const call = lake.call("lake_query", { sql: `SELECT v, count(*) FROM '${uri}' GROUP BY v` });
  await expect
    .poll(() => lake.server.requests.filter(({ method }) => method === "GET").length)
    .toBeGreaterThan(1);
  await lake.put("replaced.csv", of(2));
  const result = await call;
  const answer = result.kind === "failed" ? result.fault.code : "output" in result && result.output;
  expect([expect.objectContaining({ rows: [[1, 5_000_000]] }), "changed"]).toContainEqual(answer);
}, 60_000);

describe("What the engine's threads would misread", () => {
  const answer = async (sql: string) => (await lake.output("lake_query", { sql })).rows[0];

  /** Each of some 26 MB, where a thread begins every 8 MB. */
  test.each([
    ["JSON in quotes", '"{""k"":""v"",""n"":""1""}",1234\r\n'],
    ["a field that is the separator", '",",12345678\r\n'],
    ["inches at a field's end", '5",12345678\n'],
    ["no quotes at all", "some words,12345678\r\n"],
  ])(
    "%s: every row is read, wherever the records begin",
    async (what, record) => {
      const count = Math.ceil((26 * megabyte) / record.length);
      for (const length of [1, 4, 7]) {
        const key = `threads/${what.replaceAll(/\W/g, "-")}-${length}.csv`;
        await lake.put(
          key,
          `h0,h1${"x".repeat(length)}${record.includes("\r") ? "\r" : ""}\n${record.repeat(count)}`,
        );
        const number = `h1${"x".repeat(length)}`;
        expect(await answer(`SELECT count(*) FROM 's3://lake/${key}'`)).toEqual([count]);
        expect(
          await answer(
            `SELECT count(${number}), min(${number}) = max(${number}), count(DISTINCT h0) FROM 's3://lake/${key}'`,
          ),
        ).toEqual([count, true, 1]);
      }
    },
    120_000,
  );

  test("a quote in the header that is never closed", async () => {
    await lake.put("open-header.csv", `id, "name\n${"1,word\n".repeat(900_000)}`);
    const [all, ids] = (await answer("SELECT count(*), count(id) FROM 's3://lake/open-header.csv'")) as [
      number,
      number,
    ];
    expect(await answer("SELECT count(*) FROM 's3://lake/open-header.csv'")).toEqual([all]);
    expect(ids).toBe(all);
  }, 60_000);

  test("whole numbers past 64 bits in one file, fractions in another", async () => {
    const long = ["10000000000000000000", "12345678901234567891"];
    await lake.put("wei/a.csv", `id,wei\n${`1,${long[0]}\n`.repeat(300_000)}2,${long[1]}\n`);
    await lake.put("wei/b.csv", `id,wei\n${"3,0.5\n".repeat(700_000)}`);
    const { rows, columns } = await lake.output("lake_query", {
      sql: "SELECT max(wei) AS most, min(wei)::VARCHAR AS least FROM 's3://lake/wei/'",
    });
    expect(columns[0].type).toMatch(/^DECIMAL/);
    expect(String(rows[0][0])).toBe("12345678901234567891.0");
    expect(rows[0][1]).toBe("0.5");
  }, 60_000);
});
