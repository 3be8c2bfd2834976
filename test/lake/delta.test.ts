import { afterAll, describe, expect, test } from "vitest";
import {
  type DeltaWriter,
  definition,
  deltaTablesOf,
  inlineVector,
  mappedField as mapped,
  storedVector,
} from "../harness/delta-table.ts";
import { startTestLake } from "../harness/lake.ts";
import { bitmapOf } from "../harness/roaring-writer.ts";

const lake = await startTestLake();
afterAll(() => lake.stop());
const { onS3, onDisk, rowsOf } = deltaTablesOf(lake);

const idField = { name: "id", type: "long" };

describe("The rows of a Delta table", () => {
  test("are those of the files its log has, on S3 and on disk", async () => {
    for (const [table, uri] of [
      [onS3("plain"), "s3://lake/plain"],
      [onDisk("plain"), `${lake.root}/plain/`],
    ] as const) {
      await table.create({ fields: [idField] }, [
        await table.file("a%20b.parquet", "SELECT range AS id FROM range(3)"),
      ]);
      await table.file("not-committed.parquet", "SELECT 99 AS id");
      const added = await table.file("b.parquet", "SELECT range AS id FROM range(3, 5)");
      await table.commit([{ remove: { path: "a%20b.parquet", dataChange: true } }, added]);
      const output = await lake.output("lake_read_rows", { uri });
      expect(output.rows).toEqual([[3], [4]]);
      expect((await lake.output("lake_read_rows", { uri, version: 0 })).rows).toEqual([[0], [1], [2]]);
    }
  });

  test("are none of a table without files, whose columns are known all the same", async () => {
    await onS3("empty").create({ fields: [idField, { name: "at", type: "timestamp" }] });
    const output = await lake.output("lake_read_rows", { uri: "s3://lake/empty/" });
    expect(output.rows).toEqual([]);
    expect(output.columns).toEqual([
      { name: "id", type: "BIGINT" },
      { name: "at", type: "TIMESTAMP WITH TIME ZONE" },
    ]);
    expect((await lake.output("lake_profile_dataset", { uri: "s3://lake/empty/" })).rowCount).toBe(0);
  });

  test("have partition values as the log has them: null, the text null, times without a zone", async () => {
    const table = onS3("parts");
    const fields = [idField, { name: "word", type: "string" }, { name: "time", type: "timestamp" }];
    const add = (name: string, word: string | null, at: string) =>
      table.file(name, `SELECT ${name.length}::BIGINT AS id`, { partitionValues: { word, time: at } });
    await table.create({ fields, partitionColumns: ["word", "time"] }, [
      await add("a.parquet", "null", "2024-01-01 10:00:00"),
      await add("aa.parquet", null, "2024-01-01T10:00:00.500000Z"),
      await add("aaa.parquet", "", ""),
    ]);
    expect(await rowsOf("SELECT id, word, time FROM t ORDER BY id", "parts")).toEqual([
      [9, "null", "2024-01-01T10:00:00Z"],
      [10, null, "2024-01-01T10:00:00.5Z"],
      [11, null, null],
    ]);
    const { notes } = await lake.output("lake_query", {
      sql: "SELECT id FROM 's3://lake/parts/' WHERE word = 'null'",
    });
    expect(notes.join()).toContain("Left out: 2 of 3 files");
  });

  test("have no value of a partition column whose key a writer left out with its null", async () => {
    const table = onS3("left-out");
    const fields = [idField, { name: "word", type: "string" }];
    await table.create({ fields, partitionColumns: ["word"] }, [
      await table.file("a.parquet", "SELECT 1::BIGINT AS id", { partitionValues: { word: "x" } }),
      await table.file("b.parquet", "SELECT 2::BIGINT AS id", { partitionValues: {} }),
    ]);
    expect(await rowsOf("SELECT id, word FROM t ORDER BY id", "left-out")).toEqual([
      [1, "x"],
      [2, null],
    ]);
    expect(await rowsOf("SELECT id FROM t WHERE word IS NULL", "left-out")).toEqual([[2]]);
  });

  test("are cast where a file is older than its column's type, and NULL where it has no such column", async () => {
    const table = onS3("wide");
    const old = [
      { name: "n", type: "integer" },
      {
        name: "s",
        type: { type: "struct", fields: [{ name: "a", type: "integer", nullable: true, metadata: {} }] },
      },
    ];
    await table.create({ fields: old, readerFeatures: ["typeWidening"] }, [
      await table.file("a.parquet", "SELECT 7::INTEGER AS n, {'a': 1} AS s"),
    ]);
    const wider = {
      type: "struct",
      fields: [
        { name: "a", type: "long", nullable: true, metadata: {} },
        { name: "b", type: "string", nullable: true, metadata: {} },
      ],
    };
    const fields = [
      { name: "n", type: "long" },
      { name: "s", type: wider },
      { name: "late", type: { type: "array", elementType: "date", containsNull: true } },
    ];
    await table.commit([
      ...definition({ fields, readerFeatures: ["typeWidening"] }),
      await table.file(
        "b.parquet",
        "SELECT 9007199254740993::BIGINT AS n, {'a': 2::BIGINT, 'b': 'x'} AS s, [DATE '2024-02-29'] AS late",
      ),
    ]);
    expect(await rowsOf("SELECT n, s, late, typeof(n) FROM t ORDER BY n", "wide")).toEqual([
      [7, { a: 1, b: null }, null, "BIGINT"],
      ["9007199254740993", { a: 2, b: "x" }, ["2024-02-29"], "BIGINT"],
    ]);
    expect(await rowsOf("SELECT n FROM t", "wide", { version: 0 })).toEqual([[7]]);
  });
});

describe("Columns under other names in the files", () => {
  const nested = (inner: string) => ({
    type: "struct",
    fields: [{ nullable: true, ...mapped("inner name", inner, 3, "string") }],
  });

  test("are found by name, nested ones too", async () => {
    const table = onS3("by-name");
    const fields = [
      mapped("an id", "col-1", 1),
      mapped("s", "col-2", 2, { type: "array", elementType: nested("col-3"), containsNull: true }),
    ];
    await table.create(
      { fields, minReaderVersion: 2, configuration: { "delta.columnMapping.mode": "name" } },
      [await table.file("a.parquet", `SELECT 5::BIGINT AS "col-1", [{'col-3': 'deep'}] AS "col-2"`)],
    );
    expect(await rowsOf(`SELECT "an id", s FROM t WHERE "an id" > 4`, "by-name")).toEqual([
      [5, [{ "inner name": "deep" }]],
    ]);
  });

  test("are read alone where a statement asks for no more", async () => {
    const table = onS3("mapped-large");
    const fields = [mapped("small", "col-1", 1), mapped("large", "col-2", 2, "string")];
    const select = `SELECT range % 10 AS "col-1", md5(range::VARCHAR) AS "col-2" FROM range(100000)`;
    await table.create(
      { fields, minReaderVersion: 2, configuration: { "delta.columnMapping.mode": "name" } },
      [await table.file("a.parquet", select, { deletionVector: inlineVector([3]) })],
    );
    const before = lake.server.requests.length;
    expect(await rowsOf("SELECT sum(small) FROM t", "mapped-large")).toEqual([[449_997]]);
    const ranges = lake.server.requests
      .slice(before)
      .filter(({ method, url }) => method === "GET" && url.includes("a.parquet"))
      .map(({ headers }) => /bytes=(\d+)-(\d+)/.exec(String(headers.range)) ?? []);
    const readBytes = ranges.reduce((sum, [, first, last]) => sum + Number(last) + 1 - Number(first), 0);
    expect(readBytes).toBeLessThan(400_000);
    expect(readBytes).toBeGreaterThan(0);
  });

  test("are found by number, nested ones too, whatever they are called", async () => {
    const table = onS3("by-id");
    const fields = [
      mapped("a", "gone", 1),
      mapped("s", "gone too", 2, nested("gone as well")),
      mapped("new", "x", 9),
    ];
    const file = await table.file(
      "a.parquet",
      "SELECT 5::BIGINT AS p, {'q': 'deep'} AS r",
      {},
      "FIELD_IDS {p: 1, r: {__duckdb_field_id: 2, q: 3}}",
    );
    await table.create({ fields, minReaderVersion: 2, configuration: { "delta.columnMapping.mode": "id" } }, [
      file,
    ]);
    expect(await rowsOf("SELECT * FROM t", "by-id")).toEqual([[5, { "inner name": "deep" }, null]]);
  });
});

describe("Deleted rows", () => {
  const rows = [0, 1, 2, 3, 70_000, 70_002, 99_999];
  const kept = 100_000 - rows.length;
  const vectors = {
    "in the action": async () => inlineVector(rows),
    "in runs": async () => inlineVector(rows, "runs"),
    "in a file by its UUID": (table: DeltaWriter) => storedVector(table, rows),
    "in a folder by its UUID": (table: DeltaWriter) => storedVector(table, rows, { folder: "ab" }),
    "in a file by its path": (table: DeltaWriter) => storedVector(table, rows, { kind: "p" }),
  };
  test.each(Object.entries(vectors))("kept %s are left out", async (name, make) => {
    const folder = `deleted-${name.replaceAll(" ", "-")}`;
    const table = onS3(folder);
    const deletionVector = await make(table);
    const stats = JSON.stringify({ numRecords: 100_000 });
    await table.create({ fields: [idField], readerFeatures: ["deletionVectors"] }, [
      await table.file(
        "a.parquet",
        "SELECT range AS id FROM range(100000)",
        { deletionVector, stats },
        "ROW_GROUP_SIZE 8192",
      ),
      await table.file("b.parquet", "SELECT 0::BIGINT - range AS id FROM range(1, 3)", {
        stats: '{"numRecords":2}',
      }),
    ]);
    const sql = `SELECT count(*), count(*) FILTER (id IN (${rows.join(", ")})) FROM t`;
    expect(await rowsOf(sql, folder)).toEqual([[kept + 2, 0]]);
    const page = await lake.output("lake_read_rows", {
      uri: `s3://lake/${folder}/`,
      limit: 3,
      filter: "id >= 0",
    });
    expect(page.rows).toEqual([[4], [5], [6]]);
    const metadata = await lake.output("lake_get_metadata", { uri: `s3://lake/${folder}/` });
    expect(metadata.rows).toEqual({ count: kept + 2, exactness: "exact" });
  });

  test("in a large container are bits", async () => {
    const even = Array.from({ length: 30_000 }, (_, at) => at * 2);
    const table = onS3("deleted-bits");
    await table.create({ fields: [idField], readerFeatures: ["deletionVectors"] }, [
      await table.file("a.parquet", "SELECT range AS id FROM range(60000)", {
        deletionVector: inlineVector(even, "bits"),
      }),
    ]);
    expect(await rowsOf("SELECT count(*), count(*) FILTER (id % 2 = 0) FROM t", "deleted-bits")).toEqual([
      [30_000, 0],
    ]);
  });

  test("are of one state of a file: a later vector takes the place of an earlier one", async () => {
    const table = onS3("deleted-twice");
    const first = inlineVector([0]);
    const file = await table.file("a.parquet", "SELECT range AS id FROM range(5)", { deletionVector: first });
    await table.create({ fields: [idField], readerFeatures: ["deletionVectors"] }, [file]);
    await table.commit([
      { add: { ...file.add, deletionVector: inlineVector([0, 3]) } },
      { remove: { path: "a.parquet", dataChange: true, deletionVector: first } },
    ]);
    expect(await rowsOf("SELECT id FROM t ORDER BY id", "deleted-twice")).toEqual([[1], [2], [4]]);
    expect(
      await rowsOf(
        "SELECT a.n, b.n FROM (SELECT count(*) n FROM t) a, (SELECT count(*) n FROM t) b",
        "deleted-twice",
        { version: 0 },
      ),
    ).toEqual([[4, 4]]);
    const both = await lake.output("lake_query", {
      sql: "SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM new)",
      sources: { old: { uri: "s3://lake/deleted-twice/", version: 0 }, new: "s3://lake/deleted-twice/" },
    });
    expect(both.rows).toEqual([[4, 3]]);
  });

  test("that are not as many as the log says are refused", async () => {
    const table = onS3("deleted-wrong");
    const bitmap = bitmapOf([1]);
    await table.create({ fields: [idField] }, [
      await table.file("a.parquet", "SELECT range AS id FROM range(5)", {
        deletionVector: { ...inlineVector([1]), cardinality: 2, sizeInBytes: bitmap.length },
      }),
    ]);
    const fault = await lake.fault("lake_read_rows", { uri: "s3://lake/deleted-wrong/" });
    expect(fault.code).toBe("invalid_input");
    expect(fault.message).toContain("1 rows in place of 2");
  });
});
