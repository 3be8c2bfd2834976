import { afterAll, describe, expect, test } from "vitest";
import { partitionField } from "../harness/iceberg-schemas.ts";
import { icebergTablesOf } from "../harness/iceberg-table.ts";
import { startTestLake } from "../harness/lake.ts";

const lake = await startTestLake();
afterAll(() => lake.stop());
const { onS3, onDisk, rowsOf } = icebergTablesOf(lake);

const id = { id: 1, name: "id", type: "long" };
const word = { id: 2, name: "word", type: "string" };

function longBytes(value: number) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

describe("The rows of an Iceberg table", () => {
  test("are those of its newest metadata, on S3 and on disk", async () => {
    for (const table of [onS3("plain"), onDisk("plain")]) {
      const first = await table.file("SELECT range AS id FROM range(3)", { id: 1 }, { rows: 3 });
      const second = await table.file("SELECT range AS id FROM range(3, 5)", { id: 1 }, { rows: 2 });
      await table.file("SELECT 99 AS id", { id: 1 });
      const one = await table.snapshot({ id: "9007199254740993", manifests: [{ files: [first] }] });
      const two = await table.snapshot({
        id: "9007199254740992",
        timestamp: 1_700_000_100_000,
        manifests: [{ files: [{ ...first, status: 2 }, second] }],
        more: { "parent-snapshot-id": "9007199254740993" },
      });
      await table.metadata([id], { current: "9007199254740993", snapshots: [one] });
      const more = { refs: { main: { "snapshot-id": 1, type: "branch" } } };
      const snapshots = [one, two];
      const uri = await table.metadata([id], {
        current: "9007199254740992",
        snapshots,
        more,
        name: "v2.metadata.json",
      });
      expect(await rowsOf("FROM t", uri)).toEqual([[3], [4]]);
      expect(await rowsOf("FROM t", uri, { snapshot: "9007199254740993" })).toEqual([[0], [1], [2]]);
      expect(await rowsOf("FROM t", uri, { timestamp: "2023-11-14T22:13:21Z" })).toEqual([[0], [1], [2]]);
      expect(await rowsOf("SELECT count(*) FROM t", `${table.uri}/metadata/v1.metadata.json`)).toEqual([[3]]);
      await table.write("metadata/version-hint.text", "1");
      const { notes } = await lake.output("lake_get_metadata", { uri });
      expect(notes.join()).toContain("v2.metadata.json has it (version-hint.text)");
    }
  });

  test("are as the metadata updated last has it, of several whose number the hint says", async () => {
    const table = onS3("raced");
    const file = await table.file("SELECT 1::BIGINT AS id", { id: 1 });
    const snapshots = [await table.snapshot({ id: "1", manifests: [{ files: [file] }] })];
    const none = await table.snapshot({ id: "2", manifests: [] });
    await table.write("metadata/version-hint.text", "1");
    const names = ["a", "b", "c"].map((name) => `00001-${name}.metadata.json`);
    for (const [at, name] of names.entries()) {
      const isLast = name.includes("b");
      const more = { "last-updated-ms": 1_700_000_000_000 + (isLast ? 10 : at) };
      const current = isLast ? "1" : "2";
      await table.metadata([id], { current, snapshots: [...snapshots, none], more, name });
    }
    expect(await rowsOf("FROM t", `${table.uri}/`)).toEqual([[1]]);
  });

  test("have columns by their numbers: renamed, reordered, promoted, dropped, added", async () => {
    const table = onS3("evolved");
    const old = await table.file("SELECT 7::INTEGER AS a, 'x' AS b, 1.5::FLOAT AS gone", {
      a: 1,
      b: 2,
      gone: 3,
    });
    const snapshot = await table.snapshot({ id: "1", manifests: [{ files: [old] }] });
    const fields = [
      { id: 4, name: "a", type: "string" },
      { id: 2, name: "word", type: "string" },
      { id: 1, name: "number", type: "long" },
    ];
    const uri = await table.metadata(fields, { current: "1", snapshots: [snapshot] });
    expect(await rowsOf("SELECT a, word, number, typeof(number) FROM t", uri)).toEqual([
      [null, "x", 7, "BIGINT"],
    ]);
  });

  test("whose names differ in case only are told apart, in rows, conditions and what is left out by them", async () => {
    const table = onS3("twins");
    const [a, b, twin] = [
      { id: 1, name: "a", type: "long" },
      { id: 2, name: "b", type: "long" },
      { id: 3, name: "A", type: "long" },
    ];
    const bounds = (one: number, other: number) => ({ 1: longBytes(one), 3: longBytes(other) });
    // Only the later schema has the twin: writers of SQL cannot have both in one file.
    const first = await table.file("SELECT 1::BIGINT AS a, 5::BIGINT AS b", { a: 1, b: 2 });
    const second = await table.file(
      "SELECT 9::BIGINT AS b, 8::BIGINT AS x",
      { b: 1, x: 3 },
      { lower: bounds(9, 8), upper: bounds(9, 8), nulls: { 1: 0, 3: 0 } },
    );
    const snapshots = [await table.snapshot({ id: "1", manifests: [{ files: [first, second] }] })];
    const uri = await table.metadata([a!, b!, twin!], { current: "1", snapshots });
    const output = await lake.output("lake_read_rows", { uri });
    expect(output.columns.map(({ name }: { name: string }) => name)).toEqual(["a", "b", "A_1"]);
    expect(output.rows).toEqual([
      [1, 5, null],
      [9, null, 8],
    ]);
    expect(output.notes.join()).toContain('The column "A" is called "A_1" here');
    expect(await rowsOf("SELECT A_1 FROM t WHERE a = 9", uri)).toEqual([[8]]);
    expect(await rowsOf("SELECT a FROM t WHERE A_1 = 8", uri)).toEqual([[9]]);
    expect(await rowsOf("SELECT a FROM t WHERE A = 8", uri)).toEqual([]);
  });

  test("of files without numbers are found by the name mapping, and refused without one", async () => {
    const table = onS3("names");
    const file = await table.file("SELECT 7::BIGINT AS old_id, 'x' AS word", {});
    const snapshots = [await table.snapshot({ id: "1", manifests: [{ files: [file] }] })];
    await table.metadata([id, word], { current: "1", snapshots });
    expect(await lake.fault("lake_read_rows", { uri: table.uri })).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("no field ids"),
    });
    const mapping = JSON.stringify([{ "field-id": 1, names: ["id", "old_id"] }]);
    const more = { properties: { "schema.name-mapping.default": mapping } };
    const uri = await table.metadata([id, word], { current: "1", snapshots, more, name: "v2.metadata.json" });
    expect(await rowsOf("FROM t", uri)).toEqual([[7, null]]);
  });

  test("are without those that deletes name, of files not newer than the deletes", async () => {
    const table = onS3("deleted");
    const rows = { rows: 4 };
    const first = await table.file(
      "SELECT range AS id FROM range(4)",
      { id: 1 },
      { ...rows, sequence: 1, status: 0 },
    );
    const later = await table.file(
      "SELECT range AS id FROM range(10, 14)",
      { id: 1 },
      { ...rows, sequence: 3 },
    );
    const named: [string, number][] = [
      [first.path, 1],
      [first.path, 1],
      [later.path, 0],
      ["s3://elsewhere/data/0.parquet", 2],
    ];
    const deletes = await table.deletes(named, { sequence: 2 });
    const again = await table.deletes(
      [
        [first.path, 1],
        [first.path, 3],
      ],
      { sequence: 2 },
    );
    const manifests = [{ files: [first, later] }, { content: 1, files: [deletes, again] }];
    const snapshot = await table.snapshot({ id: "1", sequence: 3, manifests });
    const uri = await table.metadata([id], { current: "1", snapshots: [snapshot] });
    expect(await rowsOf("SELECT id FROM t ORDER BY id", uri)).toEqual([[0], [2], [10], [11], [12], [13]]);
    expect(await rowsOf("SELECT count(*) FROM t", uri)).toEqual([[6]]);
    expect((await lake.output("lake_profile_dataset", { uri })).rowCount).toBe(6);
    expect((await lake.output("lake_get_metadata", { uri })).rows.exactness).toBe("estimated");
    expect((await lake.output("lake_read_rows", { uri, filter: "id > 12" })).rows).toEqual([[13]]);
  });

  test("have the values of identity partitions, and files outside conditions are left out", async () => {
    const table = onS3("parts");
    const ids = { id: 1 };
    const add = (from: number, value: string | null) =>
      table.file(`SELECT range AS id FROM range(${from}, ${from + 2})`, ids, {
        rows: 2,
        partition: { word: value },
        lower: { 1: longBytes(from) },
        upper: { 1: longBytes(from + 1) },
        nulls: { 1: 0 },
      });
    const files = [await add(0, "a"), await add(10, ""), await add(20, null)];
    const partition = [partitionField("word", 1000, "string")];
    const snapshot = await table.snapshot({ id: "1", manifests: [{ files, partition }] });
    const spec = { "source-id": 2, "field-id": 1000, name: "word", transform: "identity" };
    const more = { "partition-specs": [{ "spec-id": 0, fields: [spec] }] };
    const uri = await table.metadata([id, word], { current: "1", snapshots: [snapshot], more });
    expect(await rowsOf("SELECT word, min(id) FROM t GROUP BY 1 ORDER BY 2", uri)).toEqual([
      ["a", 0],
      ["", 10],
      [null, 20],
    ]);
    for (const [where, found] of [
      ["word = 'a'", [[0], [1]]],
      ["id >= 21", [[21]]],
      ["word IS NULL", [[20], [21]]],
    ] as const) {
      const sources = { t: uri };
      const output = await lake.output("lake_query", {
        sql: `SELECT id FROM t WHERE ${where} ORDER BY 1`,
        sources,
      });
      expect(output.rows).toEqual(found);
      expect(output.notes.join()).toContain("Left out: 2 of 3 files; by the table's manifests");
    }
    expect(await rowsOf("SELECT count(*) FROM t WHERE word = ''", uri)).toEqual([[2]]);
  });

  test("have the value of a column that only some files were divided by, where a file lacks it", async () => {
    const table = onS3("some-divided");
    // Before the column was there, with it in the file, and as tables have it that came from Hive.
    const before = await table.file("SELECT 1::BIGINT AS id", { id: 1 });
    const within = await table.file("SELECT 2::BIGINT AS id, 'x' AS word", { id: 1, word: 2 });
    const beside = await table.file("SELECT 3::BIGINT AS id", { id: 1 }, { partition: { word: "y" } });
    const manifests = [
      { files: [before, within] },
      { files: [beside], specId: 1, partition: [partitionField("word", 1000, "string")] },
    ];
    const snapshots = [await table.snapshot({ id: "1", manifests })];
    const spec = { "source-id": 2, "field-id": 1000, name: "word", transform: "identity" };
    const specs = [
      { "spec-id": 0, fields: [] },
      { "spec-id": 1, fields: [spec] },
    ];
    const more = { "partition-specs": specs, "default-spec-id": 1 };
    const uri = await table.metadata([id, word], { current: "1", snapshots, more });
    expect(await rowsOf("SELECT id, word FROM t ORDER BY id", uri)).toEqual([
      [1, null],
      [2, "x"],
      [3, "y"],
    ]);
    expect(await rowsOf("SELECT id FROM t WHERE word = 'y' OR word IS NULL ORDER BY 1", uri)).toEqual([
      [1],
      [3],
    ]);
    expect(await rowsOf("SELECT count(*) FROM t WHERE word = 'y'", uri)).toEqual([[1]]);
    expect(await rowsOf("SELECT id FROM t ORDER BY word DESC NULLS LAST LIMIT 1", uri)).toEqual([[3]]);
  });

  test("are found where the table was copied to, and a note says so", async () => {
    const table = onS3("copied");
    const file = await table.file("SELECT 1::BIGINT AS id", { id: 1 });
    const moved = { ...file, path: "s3a://old/warehouse/copied/data/1.parquet" };
    const manifests = [{ files: [moved], path: "s3a://old/warehouse/copied/metadata/1-m0.avro" }];
    const snapshot = await table.snapshot({ id: "1", manifests });
    const more = { location: "s3://old/warehouse/copied" };
    const uri = await table.metadata([id], { current: "1", snapshots: [snapshot], more });
    const output = await lake.output("lake_read_rows", { uri });
    expect(output.rows).toEqual([[1]]);
    expect(output.notes.join()).toContain('The metadata says the table is at "s3://old/warehouse/copied"');
  });

  test("are not to be had from the table's files, some of which may be gone from it", async () => {
    for (const on of [onS3, onDisk]) {
      const table = on("inside");
      const file = await table.file("SELECT 1::BIGINT AS id", { id: 1 });
      await table.file("SELECT 2::BIGINT AS id", { id: 1 });
      const snapshots = [await table.snapshot({ id: "1", manifests: [{ files: [file] }] })];
      await table.metadata([id], { current: "1", snapshots });
      for (const name of ["data", "data/", "data/*.parquet", "data/2.parquet", "data/day=1/2.parquet"]) {
        if (name.includes("day=")) await table.write(name, "PAR1");
        const result = await lake.call("lake_read_rows", { uri: `${table.uri}/${name}` });
        const details = { tableFormat: "Iceberg", table: `${table.uri}/` };
        expect(result).toMatchObject({ fault: { code: "unsupported", details } });
      }
      expect(await rowsOf("FROM t", `${table.uri}/`)).toEqual([[1]]);
    }
    const plain = await lake.put("no-table/data/1.csv", "a\n1\n");
    expect(await rowsOf("FROM t", plain.slice(0, -"1.csv".length))).toEqual([[1]]);
  });

  test("are read whatever the manifests are compressed by, in blocks", async () => {
    for (const codec of ["null", "deflate", "snappy", "zstandard"] as const) {
      const table = onS3(`codec-${codec}`);
      const files = await Promise.all(
        [1, 2, 3].map((n) => table.file(`SELECT ${n}::BIGINT AS id`, { id: 1 })),
      );
      const avro = { codec, valuesPerBlock: 2 };
      const snapshot = await table.snapshot({ id: "1", manifests: [{ files, avro }], listAvro: avro });
      const uri = await table.metadata([id], { current: "1", snapshots: [snapshot] });
      expect(await rowsOf("SELECT sum(id)::INTEGER FROM t", uri)).toEqual([[6]]);
    }
  });
});
