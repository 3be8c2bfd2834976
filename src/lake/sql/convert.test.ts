import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededChoices } from "../../../test/harness/engine-rows.ts";
import {
  commaDialect,
  csvScan,
  ndjsonScan,
  startTestSql,
  type TestSql,
  testScope,
} from "../../../test/harness/sql-engine.ts";
import { ToolError } from "../../core/errors.ts";
import type { CsvDialect } from "../formats/format.ts";
import type { ConvertedText, ScanFile } from "./engine.ts";
import { FieldTypes } from "./scan/field-types.ts";

const twoColumns = { format: "csv", dialect: commaDialect, columnCount: 2 } as const;
const seed = Number(process.env.SLUICE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

let sql: TestSql;
let made = 0;

beforeAll(async () => {
  sql = await startTestSql({ workers: 2 }, { pieceBytes: 300 });
});
afterAll(() => sql.close());

async function* inPieces(text: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += pieceBytes) yield text.subarray(at, at + pieceBytes);
}

interface Conversion {
  dialect?: Partial<CsvDialect>;
  columnCount: number;
  pieceBytes?: number;
}

async function convert(text: Buffer, { dialect, columnCount, pieceBytes = 1_000 }: Conversion) {
  const targetPath = join(sql.dir, `converted-${made++}`);
  const found = await sql.engine.convert(
    {
      text: () => inPieces(text, pieceBytes),
      uri: "s3://lake/text.csv",
      targetPath,
      form: { format: "csv", dialect: { ...commaDialect, ...dialect }, columnCount },
      mostTextBytes: 10_000,
      averageRecordBytes: 100,
    },
    testScope(),
  );
  return { targetPath, found };
}

function typesOf({ types }: ConvertedText): string[] {
  return types.map((state) => {
    const joined = new FieldTypes();
    joined.join(state);
    return joined.type();
  });
}

async function rowsConverted(text: Buffer, how: Conversion) {
  const { targetPath, found } = await convert(text, how);
  const types = typesOf(found);
  const scan = csvScan(
    targetPath,
    types.map((_, at) => `n${at}`),
    how.dialect,
  );
  const file = { ...scan.files[0]!, isConverted: true };
  const columns = types.map((type, at) => ({ name: `n${at}`, type }));
  const page = await sql.run("SELECT * FROM t", [{ name: "t", scan: { ...scan, files: [file], columns } }]);
  return { columns, rows: page.rows, found };
}

async function rowsInPlace(text: Buffer, { dialect, columnCount }: Conversion) {
  const path = join(sql.dir, `plain-${made++}.csv`);
  writeFileSync(path, text);
  const names = Array.from({ length: columnCount }, (_, at) => `n${at}`);
  const scan = csvScan(path, names, dialect);
  const analysis = await sql.engine.analyze({ scan }, testScope());
  const page = await sql.run("SELECT * FROM t", [
    { name: "t", scan: { ...scan, columns: analysis.columns } },
  ]);
  return { rows: page.rows, analysis };
}

test("a converted CSV has the rows, types and rejects of the file itself, whatever is in it", async () => {
  const { of: pick } = seededChoices(seed);
  const values = [
    "1",
    "2.50",
    "-0",
    "007",
    "true",
    "2025-02-28",
    "2025-02-28T10:11:12Z",
    "",
    '""',
    '"a,b"',
    '"x\ny"',
  ]
    .concat([
      '"q""q"',
      "é",
      "9007199254740993",
      "1e400",
      "12345678901234567890123456789012345678",
      'a"b',
      '"broken',
    ])
    .concat(['"x"y', " ", "\ufeff", "NULL", "\\"]);
  for (let round = 0; round < 25; round++) {
    const columnCount = pick([1, 2, 3]);
    const narrow = pick([values, values.slice(0, 8), ["1", "2", "", '""'], ["0.5", "1e3", ""]]);
    const ending = pick(["\n", "\r\n", "\r"]);
    const lines = Array.from({ length: pick([0, 1, 12, 40]) }, () => {
      const width = pick([0, 0, 0, 0, 0, 0, 0, 1, -1].map((more) => Math.max(1, columnCount + more)));
      return Array.from({ length: width }, () => pick(narrow)).join(",");
    });
    const text = Buffer.from(
      [Array(columnCount).fill("n").join(","), ...lines].join(ending) + pick([ending, ""]),
    );
    const how = { columnCount, pieceBytes: pick([1, 7, 1_000]) };
    const inPlace = await rowsInPlace(text, how);
    const converted = await rowsConverted(text, how);
    const about = `seed ${seed}, round ${round}: ${JSON.stringify(text.toString())}`;
    expect(converted.columns, about).toEqual(inPlace.analysis.columns);
    expect(converted.rows, about).toEqual(inPlace.rows);
    expect(converted.found.rowCount, about).toBe(inPlace.analysis.rowCount);
    expect(converted.found.rejectedCount, about).toBe(inPlace.analysis.rejectedCount);
    expect(converted.found.rejects, about).toEqual(
      inPlace.analysis.rejects.map(({ uri: _, ...reject }) => reject),
    );
  }
}, 120_000);

test("a converted NDJSON has the rows, types and rejects of the file itself", async () => {
  const { of: pick } = seededChoices(seed);
  const values = [
    "1",
    "2.50",
    "-0",
    "1e3",
    "true",
    "null",
    '"text"',
    '"2025-02-28"',
    '"2025-02-28T10:11:12"',
    "[]",
    "{}",
  ]
    .concat([
      '"é\\u00e9\\n\\"q"',
      "9007199254740993",
      "12345678901234567890.5",
      "[1,2,null]",
      '{"x":1,"y":[{"z":"a"}]}',
    ])
    .concat([
      '{"x":2}',
      '[{"a":1},{"b":"c"}]',
      '"\\ud83d\\ude00"',
      "18446744073709551616",
      '""',
      "0.1",
      '"\\u0001"',
    ]);
  const names = ["a", "b b", 'c\\"d', "é", "SELECT"];
  for (let round = 0; round < 25; round++) {
    const narrow = pick([
      values,
      values.slice(0, 4),
      ["1", "null"],
      ['{"x":1}', '{"x":2.5}', '{"y":[]}'],
      ["true"],
    ]);
    const lines = Array.from({ length: pick([0, 1, 12, 40]) }, () => {
      if (pick([0, 0, 0, 0, 0, 0, 0, 1]))
        return pick(["{", "", " ", '{"a":01}', "[1]", '{"a":1,"a":2}', "{}"]);
      const members = names.filter(() => pick([true, false])).map((name) => `"${name}": ${pick(narrow)}`);
      return `{${members.join(",")}}`;
    });
    const text = Buffer.from(lines.join("\n") + pick(["\n", ""]));
    const about = `seed ${seed}, round ${round}: ${JSON.stringify(text.toString())}`;
    const path = join(sql.dir, `plain-${made++}.ndjson`);
    writeFileSync(path, text);
    const plain = ndjsonScan(path);
    const { columns, ...inPlace } = await sql.engine.analyze({ scan: plain }, testScope());
    const targetPath = join(sql.dir, `converted-${made++}`);
    const request = {
      text: () => inPieces(text, 50),
      uri: "u",
      targetPath,
      form: { format: "ndjson" as const },
    };
    const found = await sql.engine.convert(
      { ...request, mostTextBytes: 10_000, averageRecordBytes: 9 },
      testScope(),
    );
    expect(found.columns, about).toEqual(columns);
    expect(found.rowCount, about).toBe(inPlace.rowCount);
    expect(found.rejects, about).toEqual(inPlace.rejects.map(({ uri: _, ...reject }) => reject));
    const rowsOf = async (file: ScanFile) => {
      const scan = { ...plain, columns, files: [file] };
      return (await sql.run("SELECT * FROM t", [{ name: "t", scan }])).rows;
    };
    const expected = await rowsOf(plain.files[0]!);
    expect(await rowsOf({ path: targetPath, uri: "u", partition: {}, isConverted: true }), about).toEqual(
      expected,
    );
  }
}, 120_000);

test("records of some megabytes are read a second time with room for them", async () => {
  const text = Buffer.from(`a,b\n1,"${"x".repeat(100)}"\n2,"${'yy""'.repeat(1_500_000)}"\n3,z\n`);
  const { targetPath, found } = await convert(text, { columnCount: 2, pieceBytes: 100_000 });
  expect(found).toMatchObject({ rowCount: 3, rejectedCount: 0 });
  const scan = csvScan(targetPath, ["a", "b"]);
  const file = { ...scan.files[0]!, isConverted: true };
  const page = await sql.run("SELECT a, length(b) FROM t", [{ name: "t", scan: { ...scan, files: [file] } }]);
  expect(page.rows).toEqual([
    ["1", 100],
    ["2", 4_500_000],
    ["3", 1],
  ]);
}, 60_000);

test("a line without end is rejected in bounded memory, and what follows it is read", async () => {
  const endless = async function* () {
    yield Buffer.from("a,b\n1,2\n");
    for (let count = 0; count < 200; count++) yield Buffer.alloc(1 << 20, "x");
    yield Buffer.from("\n3,4\n");
  };
  const targetPath = join(sql.dir, "endless");
  const request = {
    text: endless,
    uri: "u",
    targetPath,
    form: twoColumns,
    mostTextBytes: 10_000,
    averageRecordBytes: 9,
  };
  const found = await sql.engine.convert(request, testScope());
  expect(found).toMatchObject({
    rowCount: 2,
    rejectedCount: 1,
    rejects: [{ line: 3, reason: "longer than 16777216 bytes" }],
  });
}, 60_000);

test("a text that fails on its way fails the call with its own fault, and the worker goes on", async () => {
  const fault = new ToolError("changed", "It was changed meanwhile.");
  const failing = async function* () {
    yield Buffer.from("a,b\n1,2\n".repeat(100_000));
    throw fault;
  };
  const request = { text: failing, uri: "u", form: twoColumns, mostTextBytes: 10_000, averageRecordBytes: 9 };
  const pids = sql.engine.workerPids();
  const call = sql.engine.convert({ ...request, targetPath: join(sql.dir, "failed") }, testScope());
  await expect(call).rejects.toBe(fault);
  expect(sql.engine.workerPids()).toEqual(pids);
});

test("a call that is stopped stops its text", async () => {
  const stop = new AbortController();
  let ended = false;
  const endless = async function* () {
    try {
      for (let count = 0; ; count++) {
        yield Buffer.from("a,b\n1,2\n".repeat(10_000));
        if (count === 20) stop.abort();
      }
    } finally {
      ended = true;
    }
  };
  const request = { text: endless, uri: "u", form: twoColumns, mostTextBytes: 10_000, averageRecordBytes: 9 };
  const call = sql.engine.convert(
    { ...request, targetPath: join(sql.dir, "stopped") },
    testScope(stop.signal),
  );
  await expect(call).rejects.toMatchObject({ code: "timeout" });
  expect(ended).toBe(true);
  expect((await sql.run("SELECT 1")).rows).toEqual([[1]]);
});

test("a target that cannot be written is the worker's fault, told without its path", async () => {
  const request = { uri: "u", form: twoColumns, mostTextBytes: 10_000, averageRecordBytes: 9 };
  const text = () => inPieces(Buffer.from("a,b\n1,2\n".repeat(300_000)), 50_000);
  const call = sql.engine.convert(
    { ...request, text, targetPath: join(sql.dir, "no", "folder") },
    testScope(),
  );
  const thrown = await call.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ToolError);
  expect((thrown as ToolError).message).not.toContain(sql.dir);
});
