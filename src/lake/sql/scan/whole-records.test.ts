import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { CsvDialect } from "../../formats/format.ts";
import { CsvScan } from "./csv-scan.ts";
import { wholeRecordsEnd } from "./whole-records.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-whole-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dialect: CsvDialect = { separator: ",", quote: '"', escape: '"', hasHeader: false, skipLines: 0 };

test.each([
  ["a record that ends in the cut is left out", "a,b\n1,2\n3,", "a,b\n1,2\n"],
  ["a line end inside quotes ends no record", 'a,b\n"x\ny', "a,b\n"],
  ["a closing quote at the end may be half of a pair", 'a,b\n1,"x"', "a,b\n"],
  ["a carriage return at the end may be half of a line end", "a,b\r\n1,2\r", "a,b\r\n"],
  ["text after a quote costs its line", 'a,b\n"x"y,2\n3,4\n5', 'a,b\n"x"y,2\n3,4\n'],
  ["nothing whole", '"abc', ""],
])("%s", (_, cut, whole) => {
  expect(cut.slice(0, wholeRecordsEnd(Buffer.from(cut), dialect))).toBe(whole);
});

test("lines above the table may be cut too", () => {
  const skipping = { ...dialect, skipLines: 2 };
  expect(wholeRecordsEnd(Buffer.from("# one\n# tw"), skipping)).toBe(0);
  expect(wholeRecordsEnd(Buffer.from('# "one\n# two\n1,2\n3'), skipping)).toBe(17);
});

test("records of a start are the first of the whole, wherever it is cut", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  console.log(`seed ${seed}`);
  const random = generator(seed);
  const pieces = ["a", ",", ",", "\n", "\r\n", "\r", '"', '""', "é", " ", '"x\ny"', "\n"];
  for (let round = 0; round < 300; round++) {
    const text = Buffer.from(
      Array.from({ length: 40 }, () => pieces[Math.floor(random() * pieces.length)]).join(""),
    );
    const whole = recordsOf(text);
    const start = text.subarray(
      0,
      wholeRecordsEnd(text.subarray(0, Math.floor(random() * text.length)), dialect),
    );
    const found = recordsOf(start);
    expect(found, `seed ${seed}, round ${round}: ${JSON.stringify(text.toString())}`).toEqual(
      whole.slice(0, found.length),
    );
  }
});

/** The good records of two fields. */
function recordsOf(text: Buffer): string[] {
  const path = join(folder, "text.csv");
  writeFileSync(path, text);
  const fd = openSync(path, "r");
  try {
    const good: string[] = [];
    const scan = new CsvScan(fd, {
      dialect,
      columnCount: 2,
      onRecord: (bytes, records) =>
        good.push(Buffer.from(bytes.subarray(records.bounds[0], records.bounds[3])).toString()),
    });
    scan.run();
    return good;
  } finally {
    closeSync(fd);
  }
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
