import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeltaWriter, definition, inlineVector, storedVector, versionName } from "../harness/delta-table.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  await lake.put("secret.parquet", await parquetOf("SELECT 'secret' AS id"));
});
afterAll(() => lake.stop());

let tables = 0;
const newTable = () => new DeltaWriter(`table-${++tables}`, (name, body) => lake.put(name, body));
const idField = { name: "id", type: "long" };

/** The fault of reading the table, with nothing of the server's own in it; the lake still serves. */
async function faultOf(table: DeltaWriter, args: Record<string, unknown> = {}) {
  const fault = await lake.fault("lake_read_rows", { uri: `s3://lake/${table.folder}/`, ...args });
  expect(fault.message).not.toMatch(/\/tmp\/|\/proc\/|node_modules|\bat .*\.ts:/);
  return fault;
}

describe("Paths out of the table's folder are refused, whether anything is there or not", () => {
  const paths = [
    "../secret.parquet",
    "..%2fsecret.parquet",
    "%2e%2e/secret.parquet",
    "a/../../secret.parquet",
    "/etc/passwd",
    "file:///etc/passwd",
    "s3://lake/secret.parquet",
    "s3a://lake/secret.parquet",
    "s3://lake/not-there.parquet",
    "s3://other/secret.parquet",
    "https://example.com/a.parquet",
    "a%00.parquet",
    "a//b.parquet",
    "%zz.parquet",
    "",
  ];

  test.each(paths.filter((path) => path !== ""))("add.path %j", async (path) => {
    const table = newTable();
    const add = { path, partitionValues: {}, size: 10, modificationTime: 1, dataChange: true };
    await table.create({ fields: [idField] }, [{ add }]);
    expect((await faultOf(table)).code).toBe("denied");
  });

  test.each(paths.slice(0, 10))("a deletion vector at %j", async (pathOrInlineDv) => {
    const table = newTable();
    const deletionVector = { storageType: "p", pathOrInlineDv, offset: 1, sizeInBytes: 40, cardinality: 1 };
    await table.create({ fields: [idField] }, [
      await table.file("a.parquet", "SELECT 1::BIGINT AS id", { deletionVector }),
    ]);
    expect((await faultOf(table)).code).toBe("denied");
  });

  test.each(paths.slice(0, 10))("a checkpoint's sidecar at %j", async (path) => {
    const table = newTable();
    await table.create({ fields: [idField], readerFeatures: ["v2Checkpoint"] });
    const top = [
      ...definition({ fields: [idField], readerFeatures: ["v2Checkpoint"] }),
      { sidecar: { path, sizeInBytes: 1, modificationTime: 1 } },
    ];
    const name = `_delta_log/${versionName(0)}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json`;
    await table.write(name, top.map((one) => JSON.stringify(one)).join("\n"));
    expect((await faultOf(table)).code).toBe("denied");
  });

  test("absolute paths inside it are read", async () => {
    const table = newTable();
    const { add } = await table.file("a.parquet", "SELECT 1::BIGINT AS id");
    await table.create({ fields: [idField] }, [
      { add: { ...add, path: `s3a://lake/${table.folder}/a.parquet` } },
    ]);
    expect((await lake.output("lake_read_rows", { uri: `s3://lake/${table.folder}` })).rows).toEqual([[1]]);
  });
});

describe("Never a part of a table", () => {
  const torn = [
    ["a torn line", '{"add":{"path":"b.parquet","partitionValues"'],
    ["an empty commit", ""],
    ["a line that is no object", "[1,2]\n"],
    ["an add without a path", '{"add":{"size":1}}\n'],
    ["a size that is a word", '{"add":{"path":"b","size":"many","partitionValues":{}}}\n'],
    ["a time that is no moment", '{"add":{"path":"b","size":1,"modificationTime":9000000000000000}}\n'],
    ["bytes that are not UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ] as const;
  test.each(torn)("%s in the log is an error", async (_what, body) => {
    const table = newTable();
    await table.create({ fields: [idField] }, [await table.file("a.parquet", "SELECT 1::BIGINT AS id")]);
    await table.write(`_delta_log/${versionName(1)}.json`, body);
    const fault = await faultOf(table);
    expect(fault.code).toBe("invalid_input");
    expect(fault.message).toContain("damaged");
  });

  test.each([
    ["none at all", undefined],
    ["null for all", null],
    ["a column's under another case", { WORD: "x" }],
    ["one of a column there is not", { day: "2024-01-01" }],
  ])("of partition values, %s is an error", async (_what, partitionValues) => {
    const table = newTable();
    const fields = [idField, { name: "word", type: "string" }];
    await table.create({ fields, partitionColumns: ["word"] }, [
      await table.file("a.parquet", "SELECT 1::BIGINT AS id", { partitionValues: { word: "y" } }),
      await table.file("b.parquet", "SELECT 2::BIGINT AS id", { partitionValues }),
    ]);
    const fault = await faultOf(table);
    expect(fault.code).toBe("invalid_input");
    expect(fault.message).toMatch(/b\.parquet.*(has no partitionValues|is no partition column)/);
  });

  test("a missing version is an error, and the states before it are still read", async () => {
    const table = newTable();
    await table.create({ fields: [idField] }, [await table.file("a.parquet", "SELECT 1::BIGINT AS id")]);
    await table.write(`_delta_log/${versionName(2)}.json`, '{"commitInfo":{}}\n');
    expect((await faultOf(table)).message).toContain("version 1 is missing");
    const uri = `s3://lake/${table.folder}/`;
    expect((await lake.output("lake_read_rows", { uri, version: 0 })).rows).toEqual([[1]]);
  });

  test("a file that is gone, of another size, or no Parquet is an error", async () => {
    for (const change of ["gone", "longer", "other"] as const) {
      const table = newTable();
      const body = change === "other" ? "x".repeat(400) : await parquetOf("SELECT 1::BIGINT AS id");
      if (change !== "gone") await table.write("a.parquet", body);
      const size = change === "longer" ? body.length - 1 : body.length;
      await table.create({ fields: [idField] }, [
        { add: { path: "a.parquet", partitionValues: {}, size, modificationTime: 1 } },
      ]);
      expect((await faultOf(table)).code).toBe("invalid_input");
    }
  });

  test("versions past what numbers count to are refused", async () => {
    const table = newTable();
    await table.create({ fields: [idField] });
    await table.write("_delta_log/09223372036854775807.json", "{}");
    expect((await faultOf(table)).code).toBe("unsupported");
    expect((await faultOf(table, { version: 9_007_199_254_740_991 })).code).toBe("unsupported");
    const plain = newTable();
    await plain.create({ fields: [idField] });
    expect((await faultOf(plain, { version: 9_007_199_254_740_991 })).code).toBe("not_found");
  });
});

test.each(["variantType", "catalogManaged", "somethingNew", "__proto__"])(
  "the reader feature %s is refused by name",
  async (feature) => {
    const table = newTable();
    await table.create({ fields: [idField], readerFeatures: ["deletionVectors", feature] });
    const result = await lake.call("lake_read_rows", { uri: `s3://lake/${table.folder}/` });
    expect(result).toMatchObject({ kind: "failed", fault: { code: "unsupported", details: { feature } } });
  },
);

test("what a table asks of its writers does not matter", async () => {
  const table = newTable();
  const protocol = {
    minReaderVersion: 1,
    minWriterVersion: 7,
    writerFeatures: ["appendOnly", "somethingNew"],
  };
  const [, metaData] = definition({ fields: [idField] });
  await table.commit([{ protocol }, metaData!, await table.file("a.parquet", "SELECT 1::BIGINT AS id")]);
  expect((await lake.output("lake_read_rows", { uri: `s3://lake/${table.folder}/` })).rows).toEqual([[1]]);
});

describe("Deletion vectors that are damaged are errors", () => {
  const good = inlineVector([1, 2]);
  test.each([
    ["of unknown kind", { ...good, storageType: "x" }],
    ["that is no Z85", { ...good, pathOrInlineDv: "~~~~~" }],
    ["shorter than said", { ...good, sizeInBytes: good.sizeInBytes + 8 }],
    ["longer than anything", { ...good, storageType: "p", pathOrInlineDv: "a.bin", sizeInBytes: 2 ** 40 }],
    ["that is cut", { ...good, sizeInBytes: good.sizeInBytes - 2 }],
    ["of no size", { ...good, sizeInBytes: -1 }],
  ])("%s", async (_what, deletionVector) => {
    const table = newTable();
    await table.create({ fields: [idField] }, [
      await table.file("a.parquet", "SELECT range AS id FROM range(5)", { deletionVector }),
    ]);
    expect(["invalid_input", "too_large"]).toContain((await faultOf(table)).code);
  });

  test("with a flipped bit in its file", async () => {
    const table = newTable();
    const vector = await storedVector(table, [1, 2], { kind: "p" });
    const key = vector.pathOrInlineDv.replace("s3://lake/", "");
    const flipped = Buffer.alloc(vector.sizeInBytes + 9, 1);
    await lake.put(key, flipped);
    await table.create({ fields: [idField] }, [
      await table.file("a.parquet", "SELECT range AS id FROM range(5)", { deletionVector: vector }),
    ]);
    expect((await faultOf(table)).message).toContain("damaged");
  });
});

describe("Schemas that are none are errors", () => {
  const deep = `${'{"type":"array","elementType":'.repeat(5_000)}"long"${"}".repeat(5_000)}`;
  test.each([
    ["no JSON", "{"],
    ["no columns", '{"type":"struct","fields":[]}'],
    ["a type of another world", '{"type":"struct","fields":[{"name":"a","type":"interval year"}]}'],
    ["a decimal too wide", '{"type":"struct","fields":[{"name":"a","type":"decimal(99,0)"}]}'],
    ["SQL for a type", '{"type":"struct","fields":[{"name":"a","type":"BIGINT); DROP TABLE x; --"}]}'],
    ["nested 5,000 levels deep", `{"type":"struct","fields":[{"name":"a","type":${deep}}]}`],
  ])("%s", async (_what, schemaString) => {
    const table = newTable();
    const [protocol] = definition({ fields: [idField] });
    await table.commit([protocol!, { metaData: { id: "x", schemaString, partitionColumns: [] } }]);
    expect(["invalid_input", "unsupported"]).toContain((await faultOf(table)).code);
  });

  test("names with quotes, and of JavaScript's own, are names", async () => {
    const table = newTable();
    const names = ['a"b', "c'd", "__proto__", "constructor", "; DROP", "_sluice_partition"];
    const select = names.map((name, at) => `${at}::BIGINT AS "${name.replaceAll('"', '""')}"`).join(", ");
    await table.create({ fields: names.map((name) => ({ name, type: "long" })) }, [
      await table.file("a.parquet", `SELECT ${select}`),
    ]);
    const output = await lake.output("lake_read_rows", { uri: `s3://lake/${table.folder}/` });
    expect(output.columns.map(({ name }: { name: string }) => name)).toEqual(names);
  });
});

test("a million actions are replayed, and the files that are left are read", async () => {
  const table = newTable();
  const lines: string[] = [];
  for (let at = 0; at < 500_000; at++) {
    const path = `part-${String(at).padStart(8, "0")}.parquet`;
    lines.push(
      `{"add":{"path":"${path}","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}`,
    );
    if (lines.length > 0 && at >= 50_000) {
      const old = `part-${String(at - 50_000).padStart(8, "0")}.parquet`;
      lines.push(`{"remove":{"path":"${old}","dataChange":true}}`);
    }
  }
  await table.create({ fields: [idField] });
  await table.commit([{ commitInfo: {} }]);
  // A removal comes versions after what it removes: actions of one version have no order.
  const half = Math.floor(lines.length / 20);
  for (let part = 0; part < 20; part++) {
    const body = lines.slice(part * half, part === 19 ? lines.length : (part + 1) * half).join("\n");
    await table.write(`_delta_log/${versionName(part + 2)}.json`, body);
  }
  const before = process.memoryUsage().rss;
  const output = await lake.output("lake_get_metadata", { uri: `s3://lake/${table.folder}/` });
  expect(output.delta.version).toBe(21);
  expect(output.fileCount).toBe(50_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(700 << 20);
}, 120_000);
