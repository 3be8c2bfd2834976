import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { engineRows, seededChoices } from "../../../../test/harness/engine-rows.ts";
import { JsonShape } from "./json-shape.ts";
import { checkNames, prepareNdjson } from "./prepare-ndjson.ts";

const dir = mkdtempSync(join(tmpdir(), "sluice-ndjson-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const seed = Number(process.env.SLUICE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
let files = 0;

async function read(text: string | Buffer) {
  const path = join(dir, `${files++}.ndjson`);
  writeFileSync(path, text);
  const shape = new JsonShape();
  const { facts } = prepareNdjson(path, `${path}.facts`, shape);
  checkNames(shape);
  const columns = shape.members.map((member) => ({ name: member.name, type: member.shape.columnType() }));
  const rows = await engineRows(
    {
      format: "ndjson",
      files: [{ path, uri: "f", partition: 0 }],
      partitionColumns: [],
      partitions: [[]],
      columns,
    },
    dir,
  );
  return { columns, rows, facts, rejects: facts.rejects.first.map(({ line, reason }) => ({ line, reason })) };
}

test("types follow every value of a column, late ones too", async () => {
  const { columns, rows } = await read(
    [
      '{"id":1,"big":9007199254740993,"price":1.5,"day":"2024-02-29","tags":["a"],"who":{"name":"x","age":3}}',
      '{"id":2,"big":123456789012345678901234567890,"price":0.12345678901234567890123,"day":"2024-03-01","tags":[]}',
      '{"id":"three","big":-1,"price":2,"day":null,"who":{"name":null,"extra":[1.5]},"late":true}',
    ].join("\n"),
  );
  expect(columns).toEqual([
    { name: "id", type: "JSON" },
    { name: "big", type: "HUGEINT" },
    { name: "price", type: "DECIMAL(24,23)" },
    { name: "day", type: "DATE" },
    { name: "tags", type: "VARCHAR[]" },
    { name: "who", type: 'STRUCT("name" VARCHAR, age BIGINT, extra DOUBLE[])' },
    { name: "late", type: "BOOLEAN" },
  ]);
  expect(rows).toEqual([
    [
      1,
      "9007199254740993",
      "1.50000000000000000000000",
      "2024-02-29",
      ["a"],
      { name: "x", age: 3, extra: null },
      null,
    ],
    [2, "123456789012345678901234567890", "0.12345678901234567890123", "2024-03-01", [], null, null],
    ["three", -1, "2.00000000000000000000000", null, null, { name: null, age: null, extra: [1.5] }, true],
  ]);
});

test("numbers that no double holds keep their digits, as text where no type holds them", async () => {
  const { columns, rows } = await read(
    '{"a":1e400}\n{"a":12.50}\n{"a":-0.1234567890123456789012345678901234567890}\n',
  );
  expect(columns).toEqual([{ name: "a", type: "JSON" }]);
  expect(rows).toEqual([["1e400"], [12.5], ["-0.1234567890123456789012345678901234567890"]]);
});

test("lines that are no sound object are rejected by line, and the others read", async () => {
  const lines: (string | Buffer)[] = [
    '{"a":1}',
    '{"a":',
    "[1]",
    '{"a":2,"a":3}',
    '{"a":"\\ud800"}',
    "",
    Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
    '{"a":01}',
    '{"a":1,}',
    '{"a":NaN}',
    `{"a":${"[".repeat(2000)}${"]".repeat(2000)}}`,
    '{"a":4} x',
    '{"a":"\u0001"}',
    '  {"a" : 5}\r',
  ];
  const text = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from("\n")]));
  const { rows, rejects, facts } = await read(text);
  expect(rows).toEqual([[1], [5]]);
  expect(facts.rowCount + facts.rejects.count).toBe(lines.length - 1);
  expect(rejects).toEqual([
    { line: 2, reason: "a value is expected" },
    { line: 3, reason: "not a JSON object" },
    { line: 4, reason: 'the name "a" occurs twice' },
    { line: 5, reason: "half of a surrogate pair in a string" },
    { line: 7, reason: "not valid UTF-8" },
    { line: 8, reason: "a malformed number" },
    { line: 9, reason: "a name is expected" },
    { line: 10, reason: "a value is expected" },
    { line: 11, reason: "nested deeper than 100" },
    { line: 12, reason: "text after the JSON object" },
    { line: 13, reason: "a control character in a string" },
  ]);
});

test("members named __proto__ are columns and values like any other", async () => {
  const { rows, columns } = await read('{"__proto__":1,"b":{"__proto__":{"x":2},"constructor":3}}\n');
  expect(columns.map(({ name }) => name)).toEqual(["__proto__", "b"]);
  expect(JSON.stringify(rows)).toBe('[[1,{"__proto__":{"x":2},"constructor":3}]]');
});

test("members whose names SQL cannot tell apart are values of JSON", async () => {
  await expect(read('{"a\\u0000":1}\n')).rejects.toThrow(/NUL/);
  const nested = await read('{"a":{"id":1,"ID":2}}\n');
  expect(nested.rows).toEqual([[{ id: 1, ID: 2 }]]);
});

test(`every random document comes back as it was (seed ${seed})`, async () => {
  const { below, of } = seededChoices(seed);
  const token = (depth: number): string => {
    const kind = below(depth > 2 ? 6 : 9);
    if (kind === 0) return "null";
    if (kind === 1) return of(["true", "false"]);
    if (kind === 2) return String(below(100));
    if (kind === 3)
      return of(["-7", "1.25", "9007199254740993", "1e3", "0.1", "12345678901234567890123", "1e-7"]);
    if (kind < 6)
      return JSON.stringify(of(["", "x", "é😀", "\ufeff", "a\nb", "2024-01-01", "12", "\0", '"', "\u2028"]));
    if (kind === 6) return `[${Array.from({ length: below(4) }, () => token(depth + 1)).join(",")}]`;
    return object(depth + 1);
  };
  const object = (depth: number): string => {
    const names = ["a", "b", "c d", "é", "__proto__", 'q"'].filter(() => below(2) === 0);
    return `{${names.map((name) => `${JSON.stringify(name)}:${token(depth)}`).join(", ")}}`;
  };
  for (let round = 0; round < 120; round++) {
    const kinds = Array.from({ length: 1 + below(6) }, () => object(0));
    const { columns, rows } = await read(kinds.map((line) => `${line}\n`).join(""));
    if (columns.length === 0) continue;
    expect(rows.length).toBe(kinds.length);
    for (const [index, line] of kinds.entries()) {
      const entries = columns.map(({ name }, at) => [name, rows[index]?.[at]] as const);
      const got = Object.create(null);
      for (const [name, value] of entries) got[name] = value;
      expect(plain(got), `${line} among ${kinds.join(" ")}`).toEqual(plain(exact(line)));
    }
  }
}, 60_000);

/** Parsed with every number as text. */
function exact(line: string): unknown {
  return JSON.parse(
    line.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (part) =>
      part.startsWith('"') ? part : `"${part}"`,
    ),
  );
}

/** Without absent members, and with numbers spelled one way: what a typed column may change. */
function plain(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map((item) => plain(item) ?? null);
  if (typeof value === "object") {
    const entries = Object.entries(value).map(([name, item]) => [name, plain(item)] as const);
    return entries.filter(([, item]) => item !== undefined).sort();
  }
  const text = String(value);
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text))
    ? `${digits(text)}`
    : text;
}

function digits(text: string): string {
  const [, sign = "", whole = "", fraction = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  const kept = all.replace(/0+$/, "");
  return kept === "" ? "0" : `${sign}${kept}e${Number(power) - fraction.length + all.length - kept.length}`;
}
