import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

const megabyte = 1_000_000;

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());
beforeEach(() => {
  lake.server.requests.length = 0;
});

/** Bytes of objects asked for since the test began. */
function fetchedBytes(): number {
  return lake.server.requests
    .filter(({ method }) => method === "GET")
    .reduce((sum, { headers: { range } }) => {
      const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(String(range)) ?? [];
      return sum + (last === undefined ? Number.POSITIVE_INFINITY : Number(last) - Number(start) + 1);
    }, 0);
}

/** A CSV of about `sizeBytes` whose rows count up, with notes that hold line ends and quotes. */
function csv(sizeBytes: number, lastLines: string): string {
  const lines = ["id,n,note"];
  for (let id = 0, size = 0; size < sizeBytes; id++) {
    const line = `${id},${id % 1000},${id % 7 === 3 ? `"two\nlines, and ""quotes"" ${id}"` : `plain ${id}`}`;
    lines.push(line);
    size += line.length + 1;
  }
  return `${lines.join("\n")}\n${lastLines}`;
}

async function walk(args: Record<string, unknown>, pages = Number.POSITIVE_INFINITY) {
  const walked: Awaited<ReturnType<TestLake["output"]>>[] = [];
  let cursor: string | undefined;
  do {
    const page = await lake.output("lake_read_rows", { ...args, ...(cursor ? { cursor } : {}) });
    walked.push(page);
    cursor = page.cursor;
  } while (cursor !== undefined && walked.length < pages);
  return walked;
}

describe("a page of a large CSV", () => {
  test("fetches at most 2 MB for 20 rows, and says what types are by", async () => {
    const uri = await lake.put("large.csv", csv(40 * megabyte, ""));
    lake.server.requests.length = 0;
    const { columns, rows, truncated, notes } = await lake.output("lake_read_rows", { uri, limit: 20 });
    expect(fetchedBytes()).toBeLessThanOrEqual(2 * megabyte);
    expect(columns.map(({ type }: { type: string }) => type)).toEqual(["BIGINT", "BIGINT", "VARCHAR"]);
    expect(rows).toHaveLength(20);
    expect(rows[3]).toEqual([3, 3, 'two\nlines, and "quotes" 3']);
    expect(truncated).toBe(true);
    expect(notes).toContainEqual(
      `Columns, types and rejected rows are by the first 262144 bytes of ${uri}, which are all that was read. A filter, an aggregate or an order reads every row.`,
    );
  }, 60_000);

  test("is one of a walk that gives each row once and in order, past the start and into the whole", async () => {
    const uri = await lake.put("walked.csv", csv(9 * megabyte, "last,x,y\n"));
    const pages = await walk({ uri, limit: 5_000 });
    const ids = pages.flatMap(({ rows }) => rows.map(([id]: unknown[]) => id));
    expect(ids.map(String)).toEqual([
      ...Array.from({ length: ids.length - 1 }, (_, id) => String(id)),
      "last",
    ]);
    expect(ids.length).toBeGreaterThan(200_000);
    const typesOf = (page: { columns: { type: string }[] }) => page.columns.map(({ type }) => type).join();
    expect(typesOf(pages[0])).toBe("BIGINT,BIGINT,VARCHAR");
    expect(typesOf(pages.at(-1))).toBe("VARCHAR,VARCHAR,VARCHAR");
    const changed = pages.filter(({ notes }) =>
      notes?.some((note: string) => /pages before this one/.test(note)),
    );
    expect(changed.length).toBeGreaterThanOrEqual(2);
    const firstOther = pages.findIndex((page) => typesOf(page) !== typesOf(pages[0]));
    expect(pages[firstOther].notes.join()).toContain("a column may have another type here");
  }, 120_000);

  test("grows with the page that is asked for, and no further", async () => {
    const uri = await lake.put("wide.csv", `id,text\n${`1,${"x".repeat(9_000)}\n`.repeat(1_500)}`);
    lake.server.requests.length = 0;
    const { rows } = await lake.output("lake_read_rows", { uri, columns: ["id"], limit: 60 });
    expect(rows).toHaveLength(60);
    expect(fetchedBytes()).toBeLessThanOrEqual(2 * megabyte);
  });

  test("shows the rejected rows of the start, and those of the whole where the walk goes on", async () => {
    const uri = await lake.put("ragged-large.csv", `id,v\n1,2\n1,2,3\n${"4,5\n".repeat(2_500_000)}6\n`);
    const first = await lake.output("lake_read_rows", { uri, limit: 3 });
    expect(first).toMatchObject({ rejectedRows: 1, rejects: [{ line: 3, text: "1,2,3" }] });
    const filtered = await lake.output("lake_read_rows", { uri, limit: 3, filter: "id = 1" });
    expect(filtered).toMatchObject({ rejectedRows: 2, rows: [[1, 2]], truncated: false });
  }, 60_000);

  test("a column that is not there is refused by its name", async () => {
    const uri = "s3://lake/large.csv";
    expect(await lake.fault("lake_read_rows", { uri, columns: ["no_such"] })).toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("no_such"),
    });
  });

  test("a file replaced under its cursor is changed", async () => {
    const uri = await lake.put("moved.csv", csv(9 * megabyte, ""));
    const { cursor } = await lake.output("lake_read_rows", { uri, limit: 5 });
    await lake.put("moved.csv", csv(9 * megabyte, "1,2,3\n"));
    expect(await lake.fault("lake_read_rows", { uri, limit: 5, cursor })).toMatchObject({ code: "changed" });
  });
});

test.each([
  ["SELECT * FROM 's3://lake/large.csv' LIMIT 20", 20],
  ["SELECT note, id AS n FROM 's3://lake/large.csv' AS t LIMIT 3", 3],
])("a statement for the first rows of a large CSV fetches at most 2 MB: %s", async (sql, count) => {
  const { rows, truncated, notes } = await lake.output("lake_query", { sql });
  expect(rows).toHaveLength(count);
  expect(truncated).toBe(false);
  expect(notes.join()).toContain("are all that was read");
  expect(fetchedBytes()).toBeLessThanOrEqual(2 * megabyte);
});

test("the start of a gzip file is decompressed, and no more", async () => {
  let state = 1;
  const noise = () => {
    state = Math.imul(state, 48_271) >>> 0;
    return state.toString(36);
  };
  const lines = Array.from({ length: 250_000 }, (_, id) => `${id},${noise()}${noise()}${noise()}`);
  const uri = await lake.put("large.csv.gz", gzipSync(`id,noise\n${lines.join("\n")}\n`));
  lake.server.requests.length = 0;
  const { rows } = await lake.output("lake_read_rows", { uri, limit: 20 });
  expect(rows.map(([id]: unknown[]) => id)).toEqual(Array.from({ length: 20 }, (_, id) => id));
  expect(fetchedBytes()).toBeLessThanOrEqual(megabyte);
}, 60_000);

test("a bomb is decompressed no further than the page needs", async () => {
  const member = gzipSync("1,2\n".repeat(16 * megabyte));
  const uri = await lake.put("bomb.csv.gz", Buffer.concat([gzipSync("a,b\n"), ...Array(40).fill(member)]));
  const { rows } = await lake.output("lake_read_rows", { uri, limit: 3 });
  expect(rows).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
}, 60_000);

test("NDJSON is read by its start, and whole for a member that the start does not have", async () => {
  const line = `{"a":1,"text":"${"x".repeat(90)}"}\n`;
  const uri = await lake.put("large.ndjson", `${line.repeat(100_000)}{"late":"yes"}\n`);
  lake.server.requests.length = 0;
  const start = await lake.output("lake_read_rows", { uri, limit: 2 });
  expect(start.columns.map(({ name }: { name: string }) => name)).toEqual(["a", "text"]);
  expect(fetchedBytes()).toBeLessThanOrEqual(megabyte);
  const late = await lake.output("lake_read_rows", { uri, columns: ["late"], limit: 1 });
  expect(late).toMatchObject({ rows: [[null]], columns: [{ name: "late", type: "VARCHAR" }] });
}, 60_000);

test("a large text is read by its start", async () => {
  const uri = await lake.put(
    "large.log",
    "2025-01-01 12:00:00 something happened here, says the server\n".repeat(160_000),
  );
  lake.server.requests.length = 0;
  const { rows } = await lake.output("lake_read_rows", { uri, limit: 2, format: "text" });
  expect(rows.map(([line]: unknown[]) => line)).toEqual([1, 2]);
  expect(fetchedBytes()).toBeLessThanOrEqual(megabyte);
});
