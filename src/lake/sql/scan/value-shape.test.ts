import { expect, test } from "vitest";
import { seededChoices } from "../../../../test/harness/engine-rows.ts";
import { valueShapeOf } from "./column-shape.ts";
import { FieldTypes } from "./field-types.ts";
import { kinds } from "./kinds.ts";
import { dateShape } from "./time-shape.ts";
import { longNumberShape, type ValueShape } from "./value-shape.ts";

const seed = Number(process.env.SLUICE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

function takes(shape: ValueShape, text: string): boolean {
  let state: string | undefined = "";
  for (const char of text) if (state !== undefined) state = shape.next(state, char);
  return state !== undefined && shape.isEnd(state);
}

function noted(...texts: string[]): FieldTypes {
  const types = new FieldTypes();
  for (const text of texts) types.note(Buffer.from(text), 0, Buffer.byteLength(text));
  return types;
}

/** Columns of each type, and values that it must take at once, as they are what such columns hold. */
const columns: readonly (readonly [string, string[], string[]])[] = [
  ["BIGINT", ["1", "-20"], ["0", "7", "-9", "123456789012345"]],
  ["BIGINT", ["1234567890123456"], ["8999999999999999999", "999999999999999999", "-1234567890123456789"]],
  ["HUGEINT", ["12345678901234567890"], ["1", "-99999999999999999999999999999999999999"]],
  ["DOUBLE", ["1.5"], ["12", "0.5", "-0.25", ".5", "-0", "0", "1.10", "123456789012345", "1234567.12345678"]],
  ["DECIMAL(19,2)", ["12345678901234567.25", "1.5"], ["0.1", "99999999999999999.99", "-7"]],
  ["DOUBLE", ["0.1234567890123456"], ["1.5", "-1e-07", "12", "1.7976931348623157e+308", "2E5"]],
  ["BOOLEAN", ["true"], ["false", "True", "FALSE"]],
  ["DATE", ["2020-02-29"], ["0001-01-01", "9999-12-31", "2000-02-29"]],
  ["TIMESTAMP", ["2020-01-01 00:00"], ["2020-01-01T23:59:59.123456", "2020-12-31", "1999-01-31 12:30:00.5"]],
  [
    "TIMESTAMP WITH TIME ZONE",
    ["2020-01-01T00:00Z"],
    ["2020-01-01 00:00:00+15:59", "2020-01-01T00:00:00.1-0230", "2020-01-01T00:00+02"],
  ],
];

test.each(columns)("the shape of %s takes what such columns hold", (type, sample, values) => {
  const types = noted(...sample);
  expect(types.type()).toBe(type);
  const shape = valueShapeOf(types) as ValueShape;
  expect(values.filter((value) => !takes(shape, value))).toEqual([]);
});

test(`no shape takes a value that makes its column another type (seed ${seed})`, () => {
  const { below, of } = seededChoices(seed);
  const all = columns.flatMap(([, sample, values]) => [...sample, ...values]);
  const nasty = [
    "007",
    "1e5",
    " 12",
    "+1",
    "-",
    ".",
    "-.",
    "1.",
    "1_0",
    "0x1",
    "inf",
    "nan",
    "2023-02-29",
    "1900-02-29",
  ];
  const marks = [..."0123456789-+.:TZ etrueFALS", ""];
  let taken = 0;
  for (let round = 0; round < 60_000; round++) {
    const [, sample] = of(columns);
    const base = of(below(4) === 0 ? nasty : all);
    const at = below(base.length + 1);
    const value = below(3) === 0 ? base : base.slice(0, at) + of(marks) + base.slice(at + below(2));
    const types = noted(...sample);
    const before = types.type();
    const shape = valueShapeOf(types);
    // What this one takes is proved otherwise.
    if (shape === longNumberShape || !takes(shape as ValueShape, value)) continue;
    taken++;
    types.note(Buffer.from(value), 0, value.length);
    expect([value, types.type()]).toEqual([value, before]);
  }
  expect(taken).toBeGreaterThan(3_000);
});

test("the calendar is that of the scan, on every day of telling years", () => {
  const two = (value: number) => String(value).padStart(2, "0");
  for (const year of [0, 1, 4, 96, 100, 400, 1700, 1900, 1999, 2000, 2020, 2023, 2100, 2400, 9996, 9999]) {
    for (let month = 0; month <= 13; month++) {
      for (let day = 0; day <= 32; day++) {
        const text = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
        expect([text, takes(dateShape, text)]).toEqual([text, noted(text).seen === kinds.date]);
      }
    }
  }
});
