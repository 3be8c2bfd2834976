import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { engineRows, seededChoices } from "../../../../test/harness/engine-rows.ts";
import { FieldTypes } from "./field-types.ts";
import { PlainCsv, type PlainCsvFacts } from "./plain-csv.ts";
import { prepareCsv } from "./prepare-csv.ts";

const dir = mkdtempSync(join(tmpdir(), "sluice-plain-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const seed = Number(process.env.SLUICE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
type Choices = ReturnType<typeof seededChoices>;

const two = (value: number) => String(value).padStart(2, "0");

/** What columns of real files hold, each by its row. */
const usual: readonly ((choices: Choices) => string)[] = [
  ({ below }) => String(below(1_000_000) - 5_000),
  ({ below }) => `${below(1_000)}.${two(below(100))}`,
  ({ below, of }) => `${below(1_000)}${of(["", ".5", ".25", ".125"])}`,
  ({ of }) => of(["true", "false"]),
  ({ below }) => `20${two(below(30))}-${two(1 + below(12))}-${two(1 + below(28))}`,
  ({ below }) => `2024-01-${two(1 + below(31))} ${two(below(24))}:${two(below(60))}:${two(below(60))}`,
  ({ below }) => `2024-01-${two(1 + below(31))}T${two(below(24))}:00:00.${below(1000)}Z`,
  ({ of }) => of(["north", "south", "ost", "é", "x y", "·"]),
  ({ below }) => `8${String(below(1e9)).padStart(9, "0")}${String(below(1e9)).padStart(9, "0")}`,
  ({ below }) => `${below(1e9)}${String(below(1e9)).padStart(9, "0")}${String(below(1e9)).padStart(9, "0")}`,
  ({ below }) => `1234567890123456${below(10)}.${below(100)}`,
  () => "",
];

/** What comes late, and may or may not make another type of a column. */
const nasty = [
  ...[
    "007",
    "1e5",
    "1e400",
    " 12",
    "12 ",
    "1.10",
    "-0",
    "",
    "NULL",
    "null",
    "nan",
    "Infinity",
    "+1",
    "1.",
    ".5",
  ],
  ...["2024-02-29", "2023-02-29", "2024-01-01", "2024-01-01T00:00", "2024-13-01", "TRUE", "yes", "t"],
  ...[
    "12345678901234567890",
    "9223372036854775807",
    "9223372036854775808",
    "0.1234567890123456",
    "1234567890123456",
  ],
  ...[
    '"q"',
    '"12"',
    '""',
    '"a,b"',
    '"a ""b"""',
    'a"b',
    ' "x',
    '"x"y',
    '"open',
    '"two\nlines"',
    "\r",
    "a\0b",
    "\ufeff",
  ],
];

interface Sheet {
  text: Buffer;
  columnCount: number;
}

function randomSheet(choices: Choices): Sheet {
  const { below, of } = choices;
  const columnCount = 2 + below(6);
  const columns = Array.from({ length: columnCount }, () => of(usual));
  const isQuoted = below(5) === 0;
  const gaps = below(3);
  const lineEnd = of(["\n", "\n", "\r\n"]);
  const rows = Array.from({ length: 40 + below(400) }, () =>
    columns.map((value) => {
      const field = below(10) < gaps ? "" : value(choices);
      return isQuoted && (field !== "" || gaps > 1) ? `"${field}"` : field;
    }),
  );
  for (let faults = below(3); faults > 0; faults--) {
    const row = of(rows);
    if (below(4) > 0) row[below(columnCount)] = of(nasty);
    else if (below(2) > 0) row.push(of(["", "", "x"]));
    else row.splice(0, of([1, columnCount]));
  }
  const header = columns.map((_, at) => `h${at}`).join(",");
  const text =
    [header, ...rows.map((row) => row.join(","))].join(lineEnd) + of([lineEnd, "", lineEnd + lineEnd]);
  const bytes = Buffer.from((below(10) === 0 ? "\ufeff" : "") + text);
  if (below(20) === 0) bytes[bytes.length - 5] = 0xff;
  return { text: bytes, columnCount };
}

const dialect = { separator: ",", quote: '"', escape: '"', hasHeader: true, skipLines: 0 };

/** Given in parts that end with lines, as a file's windows are. */
function inspect(
  { text, columnCount }: Sheet,
  { below }: Choices,
  sampled: number,
): PlainCsvFacts | undefined {
  const plain = new PlainCsv(dialect, columnCount, sampled);
  const ended =
    text.at(-1) === 10 ? text : Buffer.concat([text, Buffer.from(text.includes("\r\n") ? "\r\n" : "\n")]);
  let from = ended.readUIntBE(0, 3) === 0xefbbbf ? 3 : 0;
  while (from < ended.length) {
    const end = ended.indexOf(10, Math.min(ended.length - 1, from + 2_000 + below(30_000))) + 1;
    if (!plain.take(ended, from, end)) return undefined;
    from = end;
  }
  return plain.facts();
}

test(`what is found plain has the rows, types and reading that a scan finds (seed ${seed})`, async () => {
  const choices = seededChoices(seed);
  let found = 0;
  for (let round = 0; round < 400; round++) {
    const sheet = randomSheet(choices);
    const plain = inspect(sheet, choices, 1 + choices.below(60));
    if (!plain || plain.unproved.length > 0) continue;
    found++;
    const path = join(dir, `${round}.csv`);
    writeFileSync(path, sheet.text);
    const types = Array.from({ length: sheet.columnCount }, () => new FieldTypes());
    const how = { dialect, columnCount: sheet.columnCount, types, copyPath: join(dir, `${round}.copy`) };
    const { facts, prepared } = prepareCsv(path, how);
    const names = types.map((type) => type.type());
    expect(plain.types.map((type) => type.type())).toEqual(names);
    expect(plain.rowCount).toBe(facts.rowCount);
    expect(facts.rejects.count).toBe(0);
    expect(prepared).toMatchObject({
      isCopy: false,
      isSplittable: !plain.hasQuotes,
      hasLineFeeds: !plain.hasReturns,
    });
    expect(plain.longestRecordBytes).toBeGreaterThanOrEqual(facts.longestRecordBytes);
    const isTyped = (column: number) => names[column] !== "VARCHAR";
    expect(plain.quotedEmpties.filter(isTyped)).toEqual(prepared.quotedEmpties?.filter(isTyped));
    if (round % 8 > 0) continue;
    const scan = {
      format: "csv" as const,
      partitionColumns: [],
      partitions: [[]],
      columns: names.map((type, at) => ({ name: `h${at}`, type })),
      dialect,
    };
    const { longestRecordBytes, quotedEmpties, hasReturns } = plain;
    const read = {
      isSplittable: !plain.hasQuotes,
      longestRecordBytes,
      quotedEmpties,
      hasLineFeeds: !hasReturns,
    };
    const file = { path, uri: "f", partition: 0 };
    const direct = [{ ...file, prepared: { ...read, path, isCopy: false, hasHeader: true } }];
    expect(await engineRows({ ...scan, files: direct }, join(dir, `direct-${round}`))).toEqual(
      await engineRows({ ...scan, files: [{ ...file, prepared }] }, join(dir, `scanned-${round}`)),
    );
  }
  expect(found).toBeGreaterThan(150);
}, 120_000);

/** Values of one column, the first of which says at first what the others are like. */
test.each([
  [["1.5", "99999999999.25", "0.12345678901234567"]],
  [["1234567890123456", "9007199254740993", "0.5"]],
  [["1", "123456", "0.12345678901234567"]],
  [["1", "1234567890123456", "9007199254740993", "0.5"]],
  [["1", "12345678901234567890", "0.5"]],
  [["12345678901234567.5", "99999999999999999.5", "1.25", "0.125"]],
  [["2024-01-01", "2024-01-01 12:00", "2024-01-01"]],
  [["2024-01-01", "2024-01-01 12:00Z"]],
  [["true", "1"]],
  [["", "1", "", "1.5"]],
  [['"1"', "2", '""', '"x"']],
])("a type that widens late is that of the scan, or left to it: %s", (values) => {
  const text = Buffer.from(`h0,h1\n${values.map((value) => `${value},x\n`).join("")}`);
  const plain = new PlainCsv(dialect, 2, 1);
  if (!plain.take(text, 0, text.length) || plain.facts().unproved.length > 0) return;
  const path = join(dir, "widened.csv");
  writeFileSync(path, text);
  const types = [new FieldTypes(), new FieldTypes()];
  prepareCsv(path, { dialect, columnCount: 2, types, copyPath: join(dir, "widened.copy") });
  expect(plain.facts().types.map((type) => type.type())).toEqual(types.map((type) => type.type()));
});

test.each([
  ["whole numbers to decimals", ["1", "2", "0.5"], "DOUBLE"],
  ["days to times", ["2024-01-01", "2024-01-02", "2024-01-01 12:00"], "TIMESTAMP"],
  ["numbers to words", ["1.5", "2", "none", "3"], "VARCHAR"],
  ["nothing to numbers", ["", "", "1"], "BIGINT"],
  ["quotes met late", ["1", "2", '"3"', '"4"'], "BIGINT"],
  ["digits beyond 64 bits", ["1", "2", "123456789012345678901234567890"], "HUGEINT"],
])("a file stays plain from %s", (_, values, type) => {
  const text = Buffer.from(`h0,h1\n${values.map((value) => `${value},x\n`).join("")}`);
  const plain = new PlainCsv(dialect, 2, 1);
  expect(plain.take(text, 0, text.length)).toBe(true);
  expect(plain.facts().types[0]?.type()).toBe(type);
});

test("columns that change with every record are left to the scan", () => {
  const columnCount = 100;
  const lines = Array.from({ length: columnCount }, (_, row) =>
    Array.from({ length: columnCount }, (_, column) => (column === row ? "1" : "")).join(","),
  );
  const text = Buffer.from(`${lines.map((_, at) => `h${at}`).join(",")}\n${lines.join("\n")}\n`);
  expect(new PlainCsv(dialect, columnCount, 1).take(text, 0, text.length)).toBe(false);
  expect(new PlainCsv(dialect, columnCount).take(text, 0, text.length)).toBe(true);
});
