import { afterAll, describe, expect, test } from "vitest";
import { AvroFault } from "../../src/lake/iceberg/avro/avro-fault.ts";
import { readAvro } from "../../src/lake/iceberg/avro/read-avro.ts";
import { readValue } from "../../src/lake/iceberg/avro/read-value.ts";
import { avroFile } from "../harness/avro-writer.ts";
import { type IcebergWriter, icebergTablesOf, type WrittenManifest } from "../harness/iceberg-table.ts";
import { startTestLake } from "../harness/lake.ts";

const lake = await startTestLake();
afterAll(() => lake.stop());
const { onS3, rowsOf } = icebergTablesOf(lake);
const id = { id: 1, name: "id", type: "long" };
const faultOf = (uri: string, args = {}) => lake.fault("lake_read_rows", { uri, ...args });
let count = 0;

/** A table of one file, whose manifest and metadata are made as `how` says. */
async function made(
  how: {
    manifest?: Partial<WrittenManifest>;
    file?: object;
    more?: object;
    fields?: object[];
    snapshot?: object;
  } = {},
): Promise<{ table: IcebergWriter; uri: string }> {
  const table = onS3(`hostile-${++count}`);
  const file = { ...(await table.file("SELECT 1::BIGINT AS id", { id: 1 })), ...how.file };
  const manifests = [{ files: [file], ...how.manifest }];
  const snapshots = [await table.snapshot({ id: "1", manifests, ...how.snapshot })];
  const fields = (how.fields ?? [id]) as Record<string, unknown>[];
  const uri = await table.metadata(fields, { current: "1", snapshots, more: { ...how.more } });
  return { table, uri };
}

describe("Paths of an Iceberg table that lead out of its folder are denied", () => {
  test.each([
    "s3://other/data/1.parquet",
    "s3://lake/hostile-0/data/1.parquet",
    "s3://lake/%HERE%/../secret.parquet",
    "s3://lake/%HERE%/..%2fsecret.parquet",
    "s3://lake/%HERE%/%2e%2e/secret.parquet",
    "s3://lake/%HERE%//data/1.parquet",
    "s3://lake/%HERE%x/data/1.parquet",
    "file:///etc/passwd",
    "/etc/passwd",
    "data/1.parquet",
    "gs://lake/%HERE%/data/1.parquet",
  ])("%s", async (path) => {
    const here = `hostile-${count + 1}`;
    const { uri } = await made({ file: { path: path.replace("%HERE%", here) } });
    expect(await faultOf(uri)).toMatchObject({
      code: "denied",
      message: expect.stringContaining("not below the table's own folder"),
    });
    const { table } = await made({ manifest: { path: path.replace("%HERE%", `hostile-${count + 1}`) } });
    expect((await faultOf(`${table.uri}/`)).code).toBe("denied");
  });

  test("also where the metadata says the table is at the root of all", async () => {
    for (const location of ["/", "", "s3://lake", "file:///"]) {
      const { uri } = await made({ more: { location }, file: { path: "/etc/passwd" } });
      expect(["denied", "invalid_input"]).toContain((await faultOf(uri)).code);
    }
  });
});

describe("Never a part of an Iceberg table", () => {
  test.each([
    ["a manifest that is cut short", { manifest: { cutTo: 300 } }, "it ends too early"],
    ["a manifest that is empty", { manifest: { cutTo: 0 } }, "does not begin as an Avro file"],
    ["a manifest that is longer", { manifest: { length: 7 } }, "more than 7 bytes"],
    ["a manifest that is shorter", { manifest: { length: 7_000_000 } }, "bytes in place of 7000000"],
    ["a manifest that is not there", { manifest: { path: "s3://lake/hostile-9/no.avro" } }, "is not there"],
    ["more values than there are", { manifest: { avro: { claimedCount: 9 } } }, "it ends too early"],
    ["fewer values than there are", { manifest: { avro: { claimedCount: 0 } } }, "more bytes than values"],
    ["values without number", { manifest: { avro: { claimedCount: 2 ** 47 } } }, "it claims"],
    ["a sequence number past the snapshot's", { file: { sequence: 99 } }, "the sequence number 99"],
    ["an old file without one", { file: { status: 0 } }, "no sequence number"],
    ["deletes among data", { file: { content: 1 } }, "deletes among data files"],
    ["an unknown partition spec", { manifest: { specId: 5 } }, "no partition spec 5"],
    ["a file of another size", { file: { bytes: 3 } }, "in place of 3"],
    ["a schema that is not there", { more: { "current-schema-id": 8 } }, "no schema 8"],
    ["a schema without columns", { fields: [] }, "no columns"],
    ["a schema of Avro that is its own part", { manifest: { avro: { schemaText: cyclic() } } }, "damaged"],
    ["a schema of Avro that is none", { manifest: { avro: { schemaText: "{" } } }, "its schema is not JSON"],
    ["a deep schema of Avro", { manifest: { avro: { schemaText: deep() } } }, "nested too deep"],
    ["a time that is no moment", { snapshot: { more: { "timestamp-ms": 9e15 } } }, "timestamp-ms"],
    ["an update that is no moment", { more: { "last-updated-ms": 9e15 } }, "last-updated-ms"],
    ["no manifests", { snapshot: { more: { "manifest-list": null } } }, "names no manifests"],
    ["a snapshot that is not there", { more: { refs: {}, "current-snapshot-id": 77 } }, "no snapshot 77"],
  ])("%s", async (_, how, message) => {
    const own = `hostile-${count + 1}`;
    const { uri } = await made(JSON.parse(JSON.stringify(how).replace("hostile-9", own)));
    expect(await faultOf(uri)).toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining(message),
    });
  });

  test("partition values whose fields have no numbers", async () => {
    const spec = { "source-id": 1, "field-id": 1000, name: "id", transform: "identity" };
    const { uri } = await made({
      manifest: { partition: [{ name: "id", type: "long" }] },
      file: { partition: { id: 1 } },
      more: { "partition-specs": [{ "spec-id": 0, fields: [spec] }] },
    });
    expect(await faultOf(uri)).toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("no value of id is told"),
    });
  });

  test("a file that is named twice", async () => {
    const table = onS3("twice");
    const file = await table.file("SELECT 1::BIGINT AS id", { id: 1 });
    const manifests = [{ files: [file] }, { files: [file] }];
    const snapshots = [await table.snapshot({ id: "1", manifests })];
    const uri = await table.metadata([id], { current: "1", snapshots });
    expect((await faultOf(uri)).message).toContain("is in it twice");
  });

  test("metadata that is torn, empty, or nested without end", async () => {
    const { table, uri } = await made();
    for (const text of ['{"format-version": 2, "loc', "", "[".repeat(100_000), "null", "{}"]) {
      await table.write("metadata/v1.metadata.json", text);
      expect((await faultOf(uri)).code).toBe("invalid_input");
    }
  });

  test("deletes that are none", async () => {
    const table = onS3("no-deletes");
    const file = await table.file("SELECT 1::BIGINT AS id", { id: 1 });
    const other = await table.file("SELECT 1::BIGINT AS other", { other: 1 }, { content: 1 });
    const manifests = [{ files: [file] }, { content: 1, files: [other] }];
    const snapshots = [await table.snapshot({ id: "1", manifests })];
    const uri = await table.metadata([id], { current: "1", snapshots });
    expect(await faultOf(uri)).toMatchObject({ code: "invalid_input" });
  });
});

test("a list of manifests, or one that no list says the size of, is read as far as 32 MiB", async () => {
  const { table, uri } = await made();
  await table.write("metadata/snap-1.avro", Buffer.alloc((32 << 20) + 1));
  expect((await faultOf(uri)).code).toBe("too_large");
  const bare = await made({ snapshot: { more: { "manifest-list": null, manifests: [] } } });
  const manifests = [`${bare.table.uri}/metadata/large.avro`];
  await bare.table.write("metadata/large.avro", Buffer.alloc((32 << 20) + 1));
  const snapshots = [
    await bare.table.snapshot({ id: "1", manifests: [], more: { "manifest-list": null, manifests } }),
  ];
  await bare.table.metadata([id], { current: "1", snapshots });
  expect((await faultOf(bare.uri)).code).toBe("too_large");
});

describe("What is not read is refused by name", () => {
  const encrypted = { "encryption-keys": [{ "key-id": "a" }] };
  test.each([
    ["equality deletes", { manifest: { content: 1 }, file: { content: 2 } }],
    ["deletion vectors", { manifest: { content: 1 }, file: { content: 1, format: "puffin" } }],
    ["files of ORC", { file: { format: "ORC" } }],
    ["files of AVRO", { file: { format: "avro" } }],
    ["encryption", { file: { keyMetadata: Buffer.from("k") } }],
    ["encryption", { more: encrypted }],
    ["format version 4", { more: { "format-version": 4 } }],
    ["the type variant", { more: { "format-version": 3 }, fields: [{ ...id, type: "variant" }] }],
    ["the type geometry(srid:4326)", { fields: [{ ...id, type: "geometry(srid:4326)" }] }],
    ["the type unknown", { fields: [{ ...id, type: "unknown" }] }],
    ["initial-default", { more: { "format-version": 3 }, fields: [{ ...id, "initial-default": 5 }] }],
  ])("%s", async (feature, how) => {
    const { uri } = await made(how);
    const result = await lake.call("lake_read_rows", { uri });
    expect(result).toMatchObject({ fault: { code: "unsupported", details: { feature } } });
  });

  test("moments that are none of the table", async () => {
    const { uri } = await made({ more: { refs: { old: { "snapshot-id": 1, type: "tag" } } } });
    expect((await lake.output("lake_read_rows", { uri, snapshot: "old" })).rows).toEqual([[1]]);
    for (const [args, code, message] of [
      [{ snapshot: "9223372036854775807" }, "not_found", 'has no snapshot "9223372036854775807"'],
      [{ snapshot: "__proto__" }, "not_found", "has no snapshot"],
      [{ timestamp: "1999-01-01" }, "not_found", "has no state of"],
      [{ timestamp: "soon" }, "invalid_input", "is no time"],
      [{ version: 1 }, "invalid_input", "have no versions"],
      [{ snapshot: "1", timestamp: "2024-01-01" }, "invalid_input", "are both given"],
      [{ format: "csv" }, "invalid_input", "is an Iceberg table"],
    ] as const) {
      expect(await faultOf(uri, args)).toMatchObject({ code, message: expect.stringContaining(message) });
    }
  });
});

test("100,000 files are read from their manifests, and one more is too many", async () => {
  const table = onS3("many");
  const file = await table.file("SELECT 1::BIGINT AS id", { id: 1 });
  const rest = Array.from({ length: 99_999 }, (_, at) => ({
    ...file,
    path: `${table.uri}/data/none-${at}.parquet`,
    lower: { 1: bytesOf(5) },
    upper: { 1: bytesOf(9) },
    nulls: { 1: 0 },
  }));
  const snapshots = [await table.snapshot({ id: "1", manifests: [{ files: [file, ...rest] }] })];
  const uri = await table.metadata([id], { current: "1", snapshots });
  expect(await rowsOf("SELECT count(*) FROM t", uri)).toEqual([[100_000]]);
  expect(await rowsOf("SELECT id FROM t WHERE id < 5", uri)).toEqual([[1]]);
  const more = [{ ...file, path: `${file.path}x` }];
  snapshots.push(await table.snapshot({ id: "2", manifests: [{ files: [file, ...rest, ...more] }] }));
  await table.metadata([id], { current: "2", snapshots, name: "v2.metadata.json" });
  expect((await faultOf(uri)).code).toBe("too_large");
}, 60_000);

describe("An Avro file", () => {
  test("is read to the same values, or not at all, wherever it is damaged", async () => {
    const schema = {
      type: "record",
      name: "r",
      fields: [
        { name: "a", type: "long" },
        { name: "b", type: "string" },
      ],
    };
    const values = Array.from({ length: 40 }, (_, at) => ({ a: at * 1e9 - 5, b: "x".repeat(at) }));
    const bytes = await avroFile(schema as never, values, { codec: "null", valuesPerBlock: 7 });
    const read = (from: Buffer) => [...readAvro(from, readValue).values].length;
    expect(read(bytes)).toBe(40);
    for (let at = 0; at < bytes.length; at++) {
      const turned = Buffer.from(bytes);
      turned[at] = (turned[at] ?? 0) ^ 0xff;
      for (const damaged of [turned, bytes.subarray(0, at)]) {
        try {
          expect(read(damaged)).toBeLessThanOrEqual(40);
        } catch (thrown) {
          expect((thrown as Error).constructor.name).toMatch(/^(AvroFault|UnknownCodec)$/);
        }
      }
    }
  });

  test("of snappy is read to the same values, or not at all, whichever of its bytes is another", async () => {
    const values = Array.from({ length: 40 }, (_, at) => `value ${at}`);
    const bytes = await avroFile("string" as never, values, { codec: "snappy" });
    const read = (from: Buffer) => [...readAvro(from, readValue).values];
    expect(read(bytes)).toEqual(values);
    // The head is not checked: it ends with the marks that the block ends with too.
    for (let at = bytes.indexOf(bytes.subarray(-16)) + 16; at < bytes.length; at++) {
      const turned = Buffer.from(bytes);
      turned[at] = (turned[at] ?? 0) ^ 0x01;
      expect(() => read(turned)).toThrow(AvroFault);
    }
  });

  test("of zstandard is read to the same values, or not at all, wherever it ends", async () => {
    const values = Array.from({ length: 400 }, (_, at) => `value ${at % 7}`);
    const options = { codec: "zstandard", valuesPerBlock: 150 } as const;
    const bytes = await avroFile("string" as never, values, options);
    const read = (from: Buffer) => [...readAvro(from, readValue).values];
    expect(read(bytes)).toEqual(values);
    for (let at = 0; at < bytes.length; at++) {
      try {
        expect(read(bytes.subarray(0, at)).length).toBeLessThan(400);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(AvroFault);
      }
    }
  });

  test.each(["bzip2", "xz", "lzo"])("of %s is refused by the codec's name", async (codec) => {
    const avro = { codec: "null", metadata: { "avro.codec": codec } } as const;
    for (const how of [{ manifest: { avro } }, { snapshot: { listAvro: avro } }]) {
      const { uri } = await made(how);
      const result = await lake.call("lake_read_rows", { uri });
      const details = { tableFormat: "Iceberg", feature: `manifests compressed by ${codec}` };
      expect(result).toMatchObject({ fault: { code: "unsupported", details } });
    }
  });

  test("has longs of 64 bits exact", async () => {
    const bytes = Buffer.concat([await avroFile("long" as never, [1], { codec: "null" })]);
    const largest = Buffer.from("feffffffffffffffff01", "hex");
    const at = bytes.length - 16 - 1;
    const sync = bytes.subarray(at + 1);
    const file = Buffer.concat([bytes.subarray(0, at - 1), Buffer.from([20]), largest, sync]);
    expect([...readAvro(file, readValue).values]).toEqual([9_223_372_036_854_775_807n]);
  });
});

function bytesOf(value: number) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

function cyclic() {
  const self = { name: "self", type: "manifest_entry" };
  return JSON.stringify({ type: "record", name: "manifest_entry", fields: [self] });
}

function deep() {
  return `${'{"type":"array","items":'.repeat(500)}"int"${"}".repeat(500)}`;
}
