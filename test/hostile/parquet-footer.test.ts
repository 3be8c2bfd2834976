import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readParquetFooter } from "../../src/lake/formats/parquet-footer.ts";
import { cpuMsOf } from "../harness/cpu-time.ts";
import { decodeApart } from "../harness/decode-apart.ts";
import { goldenRoot } from "../harness/golden.ts";

const golden = join(goldenRoot, "parquet");
if (!existsSync(golden))
  console.warn(`No golden Parquet files at ${golden}: set SLUICE_GOLDEN_DIR to test against them.`);

function footerOf(bytes: Uint8Array) {
  return readParquetFooter(async (start, end) => bytes.subarray(start, end), bytes.length);
}

function parquetFiles(folder: string): string[] {
  if (!existsSync(join(golden, folder))) return [];
  return readdirSync(join(golden, folder))
    .filter((name) => name.endsWith(".parquet"))
    .map((name) => join(golden, folder, name));
}

let duckdb: DuckDBConnection;
beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create()).connect();
});
afterAll(() => duckdb.closeSync());

async function rowsOf(sql: string) {
  return (await duckdb.runAndReadAll(sql)).getRowsJS();
}

/** DuckDB's own answer, with the coordinate systems of geometries left out. */
async function duckdbAnswer(path: string) {
  const [file] = await rowsOf(`SELECT num_row_groups, created_by FROM parquet_file_metadata('${path}')`);
  const [count] = await rowsOf(`SELECT count(*) FROM '${path}'`);
  const columns = await rowsOf(`DESCRIBE SELECT * FROM '${path}'`);
  return {
    rowCount: Number(count?.[0]),
    rowGroups: Number(file?.[0]),
    createdBy: file?.[1] ?? undefined,
    columns: columns.map(([name, type]) => ({
      name,
      type: String(type).replace(/^GEOMETRY.*/s, "GEOMETRY"),
    })),
  };
}

const ownFiles = join(import.meta.dirname, "../fixtures/parquet");

test.each(readdirSync(ownFiles))("%s of our own reads as in DuckDB", async (name) => {
  const path = join(ownFiles, name);
  const { rowCount, rowGroups, createdBy, columns } = await footerOf(readFileSync(path));
  const types = columns.map(({ name, type }) => ({ name, type }));
  expect({ rowCount, rowGroups, createdBy, columns: types }).toEqual(await duckdbAnswer(path));
});

test.runIf(!existsSync(golden))(
  "published reference files are not here: their tests are skipped",
  (context) => {
    context.skip(`There is no folder ${golden}. Set SLUICE_GOLDEN_DIR to where they are.`);
  },
);

describe.skipIf(!existsSync(golden))("reference files", () => {
  test.each(
    [...parquetFiles("data"), ...parquetFiles("data/geospatial")].map((path) => [basename(path), path]),
  )("%s reads as in DuckDB", async (_, path) => {
    const { rowCount, rowGroups, createdBy, columns } = await footerOf(readFileSync(path));
    const ours = {
      rowCount,
      rowGroups,
      createdBy,
      columns: columns.map(({ name, type }) => ({ name, type })),
    };
    expect(ours).toEqual(await duckdbAnswer(path));
  });

  test.each(parquetFiles("bad_data").map((path) => [basename(path), path]))(
    "damaged %s gives an answer or an error",
    async (_, path) => {
      await footerOf(readFileSync(path)).then(
        ({ rowCount }) => expect(rowCount).toBeGreaterThanOrEqual(0),
        (thrown) => expect(thrown).toMatchObject({ name: "ToolError", code: "invalid_input" }),
      );
    },
  );

  test("names what unreadable reference files are", async () => {
    await expect(footerOf(readFileSync(join(golden, "bad_data/PARQUET-1481.parquet")))).rejects.toThrow(
      "damaged",
    );
  });
});

const allTypes = `SELECT range::TINYINT t8, range::SMALLINT t16, range::INTEGER t32, range::BIGINT t64,
  range::UTINYINT u8, range::USMALLINT u16, range::UINTEGER u32, (18446744073709551615 - range)::UBIGINT u64,
  range::HUGEINT h, range::FLOAT f, range + 0.5::DOUBLE d, (range / 4)::DECIMAL(9,3) dec9, range::DECIMAL(15,2) dec15, range::DECIMAL(18,2) dec18, range::DECIMAL(38,10) dec38,
  range % 2 = 0 b, 'k' || range s, ('\\x0' || range)::BLOB bl, DATE '2024-02-28' + range::INTEGER "day",
  TIME '10:00:00' t, TIMETZ '10:00:00+02' tz, TIMESTAMP '1969-12-31 23:59:59.5' + to_seconds(range) ts, TIMESTAMPTZ '2024-01-01 00:00:00.25Z' + to_hours(range) tstz,
  TIMESTAMP_NS '2024-01-01 00:00:00.123456789' tsns, TIMESTAMP_MS '2024-01-01 00:00:00.123' tsms, TIMESTAMP_S '2024-01-01 00:00:00' tss,
  uuid() id, INTERVAL 1 DAY iv, '{"a":1}'::JSON j, ['a'] l, [[1]] ll, {'a': 1, 'B c': 'x', 'select': {'z': [1]}} st,
  MAP {'k': 1.5::DOUBLE} m, [{'a': 1}] ls, MAP {'k': {'x': [DATE '2024-01-01']}} mm, 'x'::ENUM('x','y') e,
  NULL::INTEGER n, CASE WHEN range > 5 THEN range END "some", NULL::STRUCT(a INTEGER)[] nst, 1 AS "__proto__", 2 AS "with ""quotes"""
  FROM range(8)`;

describe("files of every type", () => {
  const path = join(tmpdir(), `sluice-types-${process.pid}.parquet`);
  beforeAll(async () => {
    await duckdb.run(
      `COPY (${allTypes}) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048, KV_METADATA {a: 'b'})`,
    );
  });
  afterAll(() => rmSync(path, { force: true }));

  test("have the types DuckDB gives them", async () => {
    const { columns, rowCount, codecs, version } = await footerOf(readFileSync(path));
    expect(columns.map(({ name, type }) => ({ name, type }))).toEqual((await duckdbAnswer(path)).columns);
    expect({ rowCount, codecs, version }).toEqual({ rowCount: 8, codecs: ["SNAPPY"], version: 1 });
  });

  test("have exact bounds where the footer has them", async () => {
    const { columns } = await footerOf(readFileSync(path));
    const bounds = Object.fromEntries(columns.map(({ name, nulls, min, max }) => [name, [nulls, min, max]]));
    expect(bounds).toMatchObject({
      t8: [0, 0, 7],
      u64: [0, "18446744073709551608", "18446744073709551615"],
      d: [0, 0.5, 7.5],
      dec9: [0, "0.000", "1.750"],
      dec15: [0, "0.00", "7.00"],
      dec18: [0, undefined, undefined],
      s: [0, "k0", "k7"],
      day: [0, "2024-02-28", "2024-03-06"],
      ts: [0, "1969-12-31 23:59:59.5", "1970-01-01 00:00:06.5"],
      tstz: [0, "2024-01-01 00:00:00.25+00", "2024-01-01 07:00:00.25+00"],
      tsns: [0, "2024-01-01 00:00:00.123456789", "2024-01-01 00:00:00.123456789"],
      n: [8, undefined, undefined],
      some: [6, 6, 7],
    });
  });

  test("agree with a scan over several row groups", async () => {
    const wide = join(tmpdir(), `sluice-groups-${process.pid}.parquet`);
    await duckdb.run(
      `COPY (SELECT range - 3000 a, 'v' || range s, CASE WHEN range % 3 = 0 THEN range END n FROM range(10000)) TO '${wide}' (FORMAT parquet, ROW_GROUP_SIZE 2048, CODEC zstd)`,
    );
    const { columns, rowGroups, rowCount, codecs } = await footerOf(readFileSync(wide));
    const [scanned] = await rowsOf(
      `SELECT count(*)::INT, min(a)::INT, max(a)::INT, min(s), max(s), (count(*) - count(n))::INT, max(n)::INT FROM '${wide}'`,
    );
    expect([
      rowCount,
      columns[0]?.min,
      columns[0]?.max,
      columns[1]?.min,
      columns[1]?.max,
      columns[2]?.nulls,
      columns[2]?.max,
    ]).toEqual(scanned);
    expect({ rowGroups, codecs }).toEqual({ rowGroups: 5, codecs: ["ZSTD"] });
    rmSync(wide);
  });

  test("any byte of the footer may be flipped: there is an answer or an error in words", async () => {
    const bytes = readFileSync(path);
    const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1e9);
    const footerStart = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    let state = seed;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % below;
    };
    for (let round = 0; round < 3000; round += 1) {
      const flipped = Buffer.from(bytes);
      for (let flips = 0; flips <= random(3); flips += 1) {
        flipped[footerStart + random(bytes.length - footerStart)] = random(256);
      }
      await footerOf(flipped).catch((thrown) => {
        expect(thrown, `seed ${seed}, round ${round}`).toMatchObject({ name: "ToolError" });
        expect(thrown.message).not.toMatch(/thrift|undefined|cannot read prop/i);
      });
    }
  });

  test("cut anywhere, or empty, are refused", async () => {
    const bytes = readFileSync(path);
    for (const size of [0, 1, 4, 8, 11, 12, 100, bytes.length - 1, bytes.length - 4, bytes.length - 9]) {
      await expect(footerOf(bytes.subarray(0, size))).rejects.toMatchObject({ code: "invalid_input" });
    }
  });

  test("are fetched in one read, or two where the footer is long", async () => {
    const bytes = readFileSync(path);
    const padded = Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(1e6), bytes.subarray(4)]);
    const ranges: [number, number][] = [];
    await readParquetFooter(async (start, end) => {
      ranges.push([start, end]);
      return padded.subarray(start, end);
    }, padded.length);
    expect(ranges).toEqual([[padded.length - 16_384, padded.length]]);
  });
});

/** A file that is nothing but this footer. */
function fileOf(footer: number[] | Buffer, magic = "PAR1") {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from("PAR1"), Buffer.from(footer), length, Buffer.from(magic)]);
}

describe("footers made to hurt", () => {
  const hugeList = [0x29, 0xfc, 0xff, 0xff, 0xff, 0x07];
  test.each([
    ["a list of two thousand million elements", fileOf(hugeList)],
    [
      "lists in lists that claim much",
      fileOf([0x29, ...Array.from({ length: 3000 }, () => [0xf9, 0x80, 0x80, 0x04]).flat()]),
    ],
    ["structs in structs", fileOf(Array.from({ length: 200_000 }, () => 0x1c))],
    ["a string of four thousand million bytes", fileOf([0x18, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ["a number that does not end", fileOf([0x16, ...Array.from({ length: 100_000 }, () => 0xff)])],
    ["nothing", fileOf([])],
    ["an empty struct", fileOf([0])],
    [
      "twenty million empty structs",
      fileOf(Buffer.concat([Buffer.from([0x29, 0xfc, 0x80, 0xda, 0xc4, 0x09]), Buffer.alloc(20_000_000)])),
    ],
  ])("%s: refused in time and memory", async (_, bytes) => {
    const cpuMs = await cpuMsOf(() =>
      expect(footerOf(bytes)).rejects.toMatchObject({ name: "ToolError", code: "invalid_input" }),
    );
    expect(cpuMs).toBeLessThan(2000);
    if (process.platform !== "linux") return;
    const apart = await decodeApart("footer", bytes);
    expect(apart.code).toBe("invalid_input");
    expect(apart.grownBytes).toBeLessThan(150e6);
  });

  test("a schema of a million members of nothing is refused", async () => {
    // version 1; schema: one element named "s" with a million children; no rows; no row groups.
    const footer = [
      0x15, 0x02, 0x19, 0x1c, 0x48, 0x01, 0x73, 0x15, 0x80, 0x89, 0x7a, 0x00, 0x16, 0x00, 0x19, 0x0c, 0x00,
    ];
    await expect(footerOf(fileOf(footer))).rejects.toThrow("elements are missing");
  });

  test("an encrypted footer is named as such", async () => {
    await expect(footerOf(fileOf([1, 2, 3], "PARE"))).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("encrypted"),
    });
  });

  test("a footer longer than the file, or than is read, is refused before it is fetched", async () => {
    const tail = Buffer.from([0xff, 0xff, 0xff, 0x7f, ...Buffer.from("PAR1")]);
    const file = Buffer.concat([Buffer.from("PAR1"), tail]);
    await expect(footerOf(file)).rejects.toThrow("claims 2147483647 bytes of a file of 12");
    const huge = readParquetFooter(
      async (start, end) => Buffer.concat([Buffer.alloc(end - start - 8), tail]),
      2 ** 42,
    );
    await expect(huge).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("2147483647 bytes"),
    });
  });

  test("a reader that gives too little is not believed", async () => {
    await expect(readParquetFooter(async () => new Uint8Array(3), 1000)).rejects.toMatchObject({
      code: "changed",
    });
  });
});
