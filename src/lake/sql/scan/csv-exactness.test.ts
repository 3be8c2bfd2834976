import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { engineRows, seededChoices } from "../../../../test/harness/engine-rows.ts";
import type { CsvDialect } from "../../formats/format.ts";
import { FieldTypes } from "./field-types.ts";
import { prepareCsv } from "./prepare-csv.ts";

const dir = mkdtempSync(join(tmpdir(), "sluice-csv-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const seed = Number(process.env.SLUICE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** RFC 4180 as plainly as it can be written: rows of text, `null` for an unquoted empty field. */
function reference(text: string, columnCount: number, { quote, escape: sign, separator }: CsvDialect) {
  const rows: (string | null)[][] = [];
  let rejects = 0;
  let at = text.startsWith("\ufeff") ? 1 : 0;
  const ends = (index: number) => index >= text.length || text[index] === "\n" || text[index] === "\r";
  for (let record = 0; at < text.length; record++) {
    const start = at;
    const fields: (string | null)[] = [];
    let isBroken = false;
    for (;;) {
      let value = "";
      const isQuoted = quote !== "" && text[at] === quote;
      if (isQuoted) {
        at++;
        let isClosed = false;
        while (at < text.length && !isClosed) {
          const next = text[at + 1];
          if (text[at] === sign && (next === quote || (sign !== quote && next === sign))) {
            value += next;
            at += 2;
          } else if (text[at] === quote) {
            isClosed = true;
            at++;
          } else value += text[at++];
        }
        isBroken = !isClosed || !(ends(at) || text[at] === separator);
      } else while (!ends(at) && text[at] !== separator) value += text[at++];
      if (isBroken) break;
      fields.push(value === "" && !isQuoted ? null : value);
      if (text[at] !== separator || at >= text.length) break;
      at++;
    }
    if (isBroken) {
      at = start;
      while (!ends(at)) at++;
    }
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
    if (record === 0 && !isBroken) continue;
    if (isBroken) {
      rejects++;
      if (record === 0) record--;
    } else if (fields.length === 1 && fields[0] === null && columnCount > 1) continue;
    else if (fields.length === columnCount) rows.push(fields);
    else rejects++;
  }
  return { rows, rejects };
}

function randomCsv({ below, of }: ReturnType<typeof seededChoices>) {
  const quote = below(6) > 0 ? '"' : of(["'", ""]);
  const sign = quote === "" ? "" : below(4) > 0 ? quote : "\\";
  const separator = of([",", ";", "\t", "|"]);
  const ends = of([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\n", "\r\n", "\r"]]);
  const columnCount = 1 + below(4);
  const isTidy = below(3) > 0;
  const atoms = [
    "a",
    "1",
    " ",
    "é",
    "x y",
    '"',
    "'",
    "\\",
    separator,
    "#",
    "\0",
    "\ufeff",
    "😀",
    "null",
    "\\N",
  ];
  const field = () => {
    const parts = Array.from({ length: below(6) }, () => of(atoms));
    if (!isTidy) return parts.join("") + (below(4) === 0 ? quote : "");
    if (quote === "" || below(3) > 0) {
      return parts.filter((part) => part !== separator && part !== quote).join("");
    }
    const inside = [...parts, of(["\n", "\r\n", separator, "", ""])].join("");
    const escaped = [...inside]
      .map((char) => (char === quote || char === sign ? sign + char : char))
      .join("");
    return quote + escaped + quote;
  };
  const lines = Array.from({ length: below(12) }, () =>
    Array.from({ length: isTidy || below(4) > 0 ? columnCount : 1 + below(5) }, field).join(separator),
  );
  const header = Array.from({ length: columnCount }, (_, index) => `h${index}`).join(separator);
  const body = lines.map((line) => line + of(ends)).join("");
  const text =
    (below(20) === 0 ? "\ufeff" : "") + header + of(ends) + (below(2) === 0 ? body.trimEnd() : body);
  return { text, columnCount, dialect: { quote, escape: sign, separator, hasHeader: true, skipLines: 0 } };
}

test(`the engine reads every CSV file as RFC 4180 has it, and rows and rejects add up (seed ${seed})`, async () => {
  const choices = seededChoices(seed);
  for (let round = 0; round < 120; round++) {
    const { text, columnCount, dialect } = randomCsv(choices);
    const path = join(dir, `${round}.csv`);
    writeFileSync(path, text);
    const expected = reference(text, columnCount, dialect);
    const { facts } = prepareCsv(path, { dialect, columnCount, copyPath: join(dir, `${round}.facts`) });
    const rows = await engineRows(
      {
        format: "csv",
        files: [{ path, uri: "f", partition: 0 }],
        partitionColumns: [],
        partitions: [[]],
        columns: Array.from({ length: columnCount }, (_, index) => ({ name: `h${index}`, type: "VARCHAR" })),
        dialect,
      },
      dir,
    );
    const about = JSON.stringify({ text, dialect, columnCount });
    expect(rows, about).toEqual(expected.rows);
    expect({ rows: facts.rowCount, rejects: facts.rejects.count }, about).toEqual({
      rows: expected.rows.length,
      rejects: expected.rejects,
    });
  }
}, 60_000);

test(`a type found for a column gives every value back (seed ${seed})`, async () => {
  const { below, of } = seededChoices(seed + 1);
  const digits = (count: number) => Array.from({ length: count }, () => below(10)).join("");
  const values: (() => string)[] = [
    () => String(below(1_000)),
    () => `-${1 + below(9)}${digits(below(25))}`,
    () => `${below(10)}.${digits(1 + below(20))}`,
    () => `${1 + below(9)}${digits(below(18))}.${digits(2)}`,
    () => `1.5e${below(40)}`,
    () => of(["true", "false"]),
    () => `2024-0${1 + below(9)}-${10 + below(15)}`,
    () => `2024-02-29T1${below(10)}:00:0${below(10)}.${digits(1 + below(6))}`,
    () => `2024-02-29 1${below(10)}:00:00${of(["Z", "+02:00", "-0530"])}`,
    () => of(["00501", "+5", "1e400", "abc", "-0", "NaN", "9".repeat(39), "2023-02-29"]),
  ];
  for (let round = 0; round < 80; round++) {
    const kinds = Array.from({ length: 1 + below(2) }, () => of(values));
    const column = Array.from({ length: 1 + below(8) }, () => (below(5) === 0 ? "" : of(kinds)()));
    const types = [new FieldTypes(), new FieldTypes()];
    const path = join(dir, `types-${round}.csv`);
    writeFileSync(path, column.map((value, index) => `${index},${value}\n`).join(""));
    const dialect = { quote: '"', escape: '"', separator: ",", hasHeader: false, skipLines: 0 };
    prepareCsv(path, { dialect, columnCount: 2, types, copyPath: `${path}.facts` });
    const type = types[1]!.type();
    const rows = await engineRows(
      {
        format: "csv",
        files: [{ path, uri: "f", partition: 0 }],
        partitionColumns: [],
        partitions: [[]],
        columns: [
          { name: "n", type: "BIGINT" },
          { name: "v", type },
        ],
        dialect,
      },
      dir,
    );
    for (const [index, value] of column.entries()) {
      expect(sameValue(rows[index]?.[1], value), `${type}: ${value} came back as ${rows[index]?.[1]}`).toBe(
        true,
      );
    }
  }
}, 60_000);

/** Whether what came back says the same as the text did: equal digits, equal instants, equal text. */
function sameValue(got: unknown, text: string): boolean {
  if (text === "" || got === null) return text === "" && got === null;
  if (typeof got === "boolean") return String(got) === text;
  if (String(got) === text) return true;
  const [a, b] = [plainDigits(String(got)), plainDigits(text)];
  if (a !== undefined && a === b) return true;
  const instant = (value: string) => {
    const [, whole = "", fraction = "", zone = ""] =
      /^(.{10,19}?)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?$/.exec(value.replace(" ", "T")) ?? [];
    const time = Date.parse(
      `${whole.length === 10 ? `${whole}T00:00:00` : whole}${zone.replace(/(\d\d)(\d\d)$/, "$1:$2") || "Z"}`,
    );
    return `${time}.${fraction.replace(/0+$/, "")}`;
  };
  return !instant(text).startsWith("NaN") && instant(String(got)) === instant(text);
}

function plainDigits(text: string): string | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (!parts) return undefined;
  const fraction = parts[3] ?? "";
  let value = BigInt(parts[2]! + fraction);
  let power = Number(parts[4] ?? 0) - fraction.length;
  while (value !== 0n && value % 10n === 0n) {
    value /= 10n;
    power++;
  }
  return value === 0n ? "0" : `${parts[1]}${value}e${power}`;
}
