import { describe, expect, test } from "vitest";
import { detectFormat } from "../../src/lake/formats/detect-format.ts";
import type { FormatHints } from "../../src/lake/formats/format.ts";
import { cpuMsOf } from "../harness/cpu-time.ts";

function detect(content: string | Uint8Array, hints: FormatHints = {}, name = "a.csv", isWhole = true) {
  const head = typeof content === "string" ? Buffer.from(content) : content;
  return detectFormat(head, name, { isWhole, hints });
}

describe("separators", () => {
  test.each([
    [",", "id,name,city\n1,Ann,Berlin\n2,Bob,Paris\n"],
    [";", "id;price\n1;1,50\n2;2,75\n3;3,25\n"],
    [";", "1,5;2,5\n1,6;2,6\n1,7;2,7\n"],
    ["\t", "id\ttext\n1\tHello, world\n2\tBye, then\n"],
    ["|", "id|tags|note\n1|a;b|x, y\n2|c;d;e|z\n"],
    [",", 'id,note\n1,"a;b;c"\n2,"d;e;f"\n'],
    [",", "id,when\n1,2024-01-01 10:00:00\n2,2024-01-02 11:00:00\n"],
    [",", "a,b,c\n"],
    [";", "sep=;\na;b,c\n1;2,5\n"],
  ])("finds %j", (separator, text) => {
    expect(detect(text).dialect?.separator).toBe(separator);
  });

  test("is not misled by ragged rows", () => {
    const rows = [
      "id,name,city",
      "1,Ann,Berlin",
      "2,Bob",
      "3,Cy,Rome,extra",
      "4,Di,Oslo",
      "5,Ed,Bonn",
      "6",
      "7,Flo,Ulm;Neu-Ulm",
    ];
    expect(detect(rows.join("\n"))).toMatchObject({
      dialect: { separator: ",", hasHeader: true, skipLines: 0 },
      columnNames: ["id", "name", "city"],
    });
  });

  test("keeps to one column where nothing is separated", () => {
    expect(detect("name\nAnn\nBob\n")).toMatchObject({
      columnNames: ["name"],
      dialect: { separator: ",", hasHeader: true },
    });
  });

  test("refuses a separator no file can have", () => {
    expect(() => detect("a\n", { separator: "\n" })).toThrow(
      expect.objectContaining({ code: "invalid_input" }),
    );
    expect(() => detect("a\n", { separator: "" })).toThrow("cannot separate fields");
  });
});

describe("quotes", () => {
  test.each([
    ['"', '"', 'a,b\n"x, y","say ""hi"""\n"z",1\n'],
    ['"', "\\", 'a,b\n"x \\"y\\" z","p"\n"q \\"r\\"","s"\n'],
    ["'", "'", "a,b\n'x, y',1\n'z, w',2\n"],
    ['"', '"', "a,b\n1,2\n"],
    ["", "", 'size,item\n"6, pipe\n"7, rod\n"8, bar\n'],
    ['"', '"', 'a,b\n1,"open\n2,y\n3,"fine"\n4,z\n'],
    ['"', '"', 'path,b\n"C:\\dir\\",1\n"D:\\",2\n'],
    ['"', '"', "name,x\nO'Brien,1\nD'Arcy,2\n'tis,3\n"],
  ])("finds quote %j and escape %j", (quote, escapeChar, text) => {
    expect(detect(text).dialect).toMatchObject({ quote, escape: escapeChar });
  });

  test("reads quoted line ends and separators as data", () => {
    expect(detect('id,"first\nname"\n1,"a\r\nb,c"\n2,d\n').columnNames).toEqual(["id", "first\nname"]);
  });
});

describe("headers", () => {
  test.each([
    ["zip,name\n00501,Holtsville\n00502,Other\n", true],
    ["00501,Holtsville\n00502,Other\n", false],
    ["1,2\n3,4\n", false],
    ["name,city\nAnn,Berlin\nBob,Paris\n", true],
    ["country,2023,2024\nDE,1.5,2.5\nFR,3.5,4.5\n", true],
    ["id,name\n", true],
    ["1,2\n", false],
    [",a,b\n0,x,1\n1,y,2\n", true],
    ["Ann,Berlin\nBob,Berlin\nAnn,Paris\n", false],
    ["N/A,5,2020-01-01\n3,4,2020-01-02\n5,6,2020-01-03\n", false],
    ["id,late\n1,\n2,\n3,x\n", true],
  ])("of %j: %s", (text, hasHeader) => {
    expect(detect(text).dialect?.hasHeader).toBe(hasHeader);
  });

  test("that had to be assumed is said to be", () => {
    expect(detect("name,city\nAnn,Berlin\n").notes.join()).toContain("say hasHeader: false");
  });

  test.each([
    ["\n\n# made by x\nid,name\n1,Ann\n", 3, ["id", "name"]],
    ["#id,name\n1,Ann\n2,Bob\n", 0, ["#id", "name"]],
    ["# a comment, with commas\n# more\nid,name\n1,Ann\n", 2, ["id", "name"]],
    ["Sales report\nMarch 2024\n\nid,name,total\n1,Ann,5\n2,Bob,6\n", 3, ["id", "name", "total"]],
    ["sep=;\r\nid;name\r\n1;Ann\r\n", 1, ["id", "name"]],
    ["\r\n\rid,name\r1,Ann\r", 2, ["id", "name"]],
  ])("behind leading lines: %j", (text, skipLines, columnNames) => {
    expect(detect(text)).toMatchObject({ dialect: { skipLines, hasHeader: true }, columnNames });
  });

  test("name every column once, whatever they are", () => {
    const { columnNames, notes } = detect(
      "id,Name,name,,__proto__,constructor, city ,name_2,name\n1,a,b,c,d,e,f,g,h\n",
    );
    expect(columnNames).toEqual([
      "id",
      "Name",
      "name_3",
      "column_4",
      "__proto__",
      "constructor",
      "city",
      "name_2",
      "name_4",
    ]);
    expect(notes).toEqual([
      'renamed: column 3 repeats "name": name_3; column 4 has no name: column_4; column 9 repeats "name": name_4',
      "spaces around column names were removed; values keep theirs",
    ]);
  });

  test("with 20,000 equal names are told apart quickly", () => {
    const names = detect(`${"a,".repeat(19_999)}a\n`).columnNames ?? [];
    expect(new Set(names).size).toBe(20_000);
  });

  test("shorter than the rows leave the rest named by place", () => {
    const { columnNames, notes } = detect("a,b\n1,2,3\n4,5,6\n7,8,9\n");
    expect(columnNames).toEqual(["a", "b", "column_3"]);
    expect(notes.join()).toContain("the header names 2 columns, most rows have 3");
  });
});

describe("encodings", () => {
  const text = "id,naïve\n1,é\n2,ü\n";
  test.each([
    ["utf-8", Buffer.from(`\ufeff${text}`), "id"],
    ["utf-16le", Buffer.from(`\ufeff${text}`, "utf16le"), "id"],
    ["utf-16be", Buffer.from(`\ufeff${text}`, "utf16le").swap16(), "id"],
    ["utf-16le", Buffer.from(text, "utf16le"), "id"],
    ["utf-16be", Buffer.from(text, "utf16le").swap16(), "id"],
    ["latin-1", Buffer.from(text, "latin1"), "id"],
    ["utf-8", Buffer.from(text), "id"],
  ])("%s is found", (encoding, bytes, first) => {
    expect(detect(bytes)).toMatchObject({
      encoding,
      columnNames: [first, "naïve"],
      dialect: { separator: "," },
    });
  });

  test("latin-1 is said to be a reading", () => {
    expect(detect(Buffer.from("h\xe9,b\n1,2\n", "latin1")).notes).toContain(
      "not valid UTF-8; read as latin-1 (Windows-1252)",
    );
  });

  test("one bad byte among much good UTF-8 is not taken for latin-1", () => {
    const bytes = Buffer.concat([Buffer.from(`name\n${"é\n".repeat(100)}`), Buffer.from([0xff, 0x0a])]);
    expect(detect(bytes).encoding).toBe("utf-8");
  });

  test("a head cut inside a character is UTF-8 still", () => {
    const bytes = Buffer.from(`${text}3,é`).subarray(0, -1);
    expect(detect(bytes, {}, "a.csv", false).encoding).toBe("utf-8");
  });
});

describe("fuzz", () => {
  const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1e9);
  const random = mulberry32(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;

  test(`finds the dialect files were written in (seed ${seed})`, () => {
    for (let round = 0; round < 300; round += 1) {
      const separator = pick([",", ";", "\t", "|"]);
      const lineEnd = pick(["\n", "\r\n", "\r"]);
      const width = 2 + Math.floor(random() * 6);
      const kinds = Array.from({ length: width }, (_, index) =>
        index === 0 ? "int" : pick(["int", "word", "decimal", "date", "text"] as const),
      );
      const value = {
        int: () => String(Math.floor(random() * 1000)),
        word: () => pick(["red", "green", "blue"]),
        decimal: () => (random() * 100).toFixed(2),
        date: () => `2024-01-0${1 + Math.floor(random() * 9)}`,
        text: () => `"say ""${pick(["a", "b"])}""${separator} or${pick([lineEnd, ";", ","])}so"`,
      };
      const header = Array.from({ length: width }, (_, index) => `col_${index}`);
      const rows = Array.from({ length: 30 }, () => kinds.map((kind) => value[kind]()));
      const text = [header, ...rows].map((row) => row.join(separator) + lineEnd).join("");
      const context = `seed ${seed}, round ${round}: ${JSON.stringify(text.slice(0, 200))}`;
      expect(detect(text, {}, "a.csv"), context).toMatchObject({
        format: "csv",
        dialect: { separator, quote: '"', escape: '"', hasHeader: true, skipLines: 0 },
        columnNames: header,
      });
    }
  });

  test(`answers or refuses in words for any bytes, in time (seed ${seed})`, () => {
    const pieces = [
      '"',
      "'",
      ",",
      ";",
      "\t",
      "|",
      "\n",
      "\r\n",
      "\r",
      "\\",
      "a",
      "1",
      "{",
      "}",
      "[",
      "]",
      ":",
      "#",
      " ",
      "\0",
      "\xff",
      "\xc3",
      '""',
      '{"a":1}',
      "é",
    ];
    for (let round = 0; round < 2000; round += 1) {
      const text = Array.from({ length: Math.floor(random() * 60) }, () => pick(pieces)).join("");
      const bytes = Buffer.from(text, pick(["utf8", "latin1"] as const));
      try {
        const found = detect(bytes, {}, pick(["a.csv", "a", "a.json", "a.txt", "a.csv.gz"]), random() < 0.5);
        if (found.format === "csv")
          expect(new Set(found.columnNames?.map((name) => name.toLowerCase())).size).toBe(
            found.columnNames?.length,
          );
      } catch (thrown) {
        expect(thrown, `seed ${seed}, round ${round}: ${JSON.stringify(text)}`).toMatchObject({
          name: "ToolError",
        });
      }
    }
  });

  test.each(['"', '"",', ',"', ',"""', "'", '\\"', "[", '{"a":', ",", "#\n", "\n", '"\n', ",,,,,,,,\n"])(
    "256 KiB of %j take less than two seconds of the processor",
    async (unit) => {
      const text = unit.repeat(Math.ceil((256 * 1024) / unit.length));
      expect(await cpuMsOf(() => detect(text, {}, "a.csv", false))).toBeLessThan(2000);
    },
  );
});

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
