import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { detectFormat } from "./detect-format.ts";
import type { FormatHints } from "./format.ts";

function detect(content: string | Uint8Array, name: string, hints: FormatHints = {}, isWhole = true) {
  return detectFormat(typeof content === "string" ? Buffer.from(content) : content, name, { isWhole, hints });
}

const ticket = `From: Ada Byron <ada@example.com>
Subject: Invoice 4711, wrong amount

Dear team,

the invoice I got yesterday, number 4711, names 120 EUR; we agreed on 100.
Please correct it, and send a new one.

Best regards,
Ada
`;

describe("detectFormat", () => {
  test.each([
    ["people.csv", "id,name\n1,Ann\n2,Bob\n", "csv"],
    ["names.csv", "name\nAnn\nBob\n", "csv"],
    ["a.tsv", "id\tname\n1\tAnn\n", "csv"],
    ["part-0000", "1|a|x\n2|b|y\n3|c|z\n", "csv"],
    ["export.txt", "id\tname\n1\tAnn\n2\tBob\n3\tCy\n", "csv"],
    ["ticket.txt", ticket, "text"],
    ["ticket", ticket, "text"],
    ["one-line.txt", "Hello, world", "text"],
    ["verse.txt", "Tyger, tyger\nburning, bright\nin the, forests\nof the, night\n", "text"],
    [
      "app.log",
      "2024-01-01 10:00:00,123 INFO start\n2024-01-01 10:00:01,456 INFO stop\n2024-01-01 10:00:02,1 INFO x\n",
      "text",
    ],
    ["access", "[12/Jan/2024] GET / 200\n[12/Jan/2024] GET /a 404\n[12/Jan/2024] GET /b 200\n", "text"],
    ["README.md", "| a | b |\n|---|---|\n| 1 | 2 |\n", "text"],
    ["array.json", '[{"a":1},{"a":2}]', "json"],
    ["object.json", '{"a":1,"b":{"c":2}}', "json"],
    ["pretty.json", '{\n "a": 1\n}\n{\n "a": 2\n}\n', "json"],
    ["lines.json", '{"a":1}\n{"a":2}\n', "ndjson"],
    ["lines.ndjson", '{"a":1}\n{"a":2}\n', "ndjson"],
    ["one.jsonl", '{"a":1}\n', "ndjson"],
    ["arrays.ndjson", "[1,2]\n[3,4]\n", "ndjson"],
    ["numbers.json", "17", "json"],
    ["concatenated", '{"a":1}{"a":2}', "json"],
    ["noname", '{"a":1}\n{"a":2}\n', "ndjson"],
    ["torn.ndjson", '{"a":1,\n{"a":2}\n{"a":3}\n{"a":4}\n', "ndjson"],
    ["twin.json", '{"a":1,"a":2}', "json"],
    ["bad.json", "{'a': 1}", "json"],
    ["jsoncol.csv", 'id,payload\n1,"{""a"":1}"\n', "csv"],
    ["braces.csv", "{x},y\n1,2\n", "csv"],
  ])("tells %s by its content", (name, content, format) => {
    expect(detect(content, name)).toMatchObject({ format, compression: "none", encoding: "utf-8" });
  });

  test.each([
    ["a.csv", '[{"a":1}]', "json", "the name says csv, the content is json"],
    ["a.json", "id,name\n1,Ann\n2,Bob\n", "csv", "the name says json, the content is csv"],
    ["a.parquet", "id,name\n1,Ann\n2,Bob\n", "csv", "the name says parquet, the content is csv"],
    ["a.csv", Buffer.from("PAR1\x15\x00\x15\x00"), "parquet", "the name says csv, the content is parquet"],
    ["a.csv.gz", "id,name\n1,Ann\n", "csv", "the name says gzip, the content is not compressed"],
    ["a.csv", gzipSync("id,name\n1,Ann\n"), "csv", "the name says no compression, the content is gzip"],
  ])("says where %s is something else", (name, content, format, note) => {
    const found = detect(content, name);
    expect(found.format).toBe(format);
    expect(found.notes).toContain(note);
  });

  test.each([
    ["a.csv", { format: "csv", columnNames: [] }],
    ["a.tsv", { format: "csv", dialect: { separator: "\t" } }],
    ["a.json", { format: "json" }],
    ["a.ndjson", { format: "ndjson" }],
    ["a.txt", { format: "text" }],
    ["a", { format: "text" }],
  ])("answers for an empty %s", (name, found) => {
    expect(detect("", name)).toMatchObject({ ...found, notes: ["the file is empty"] });
  });

  test("refuses an empty Parquet file", () => {
    expect(() => detect("", "a.parquet")).toThrow("The file is empty: it is no Parquet file.");
  });

  test.each([
    ["an ORC file", "ORC\x11\x00\x00"],
    ["an Avro file", "Obj\x01\x04\x16avro.schema"],
    ["an Excel (XLSX) workbook", "PK\x03\x04\x14\x00\x06\x00xl/workbook.xml"],
    ["a zip archive", "PK\x03\x04\x14\x00\x06\x00data.csv"],
    ["a PDF document", "%PDF-1.7\n%\xe2\xe3"],
    ["an Arrow IPC (Feather) file", "ARROW1\x00\x00\xff"],
  ])("names %s, which it does not read", (found, content) => {
    expect(() => detect(Buffer.from(content, "latin1"), "a.csv")).toThrow(
      `The file is ${found}, which Sluice does not read`,
    );
  });

  test("names a tar archive inside gzip", () => {
    const tar = Buffer.alloc(512, 0);
    tar.write("data.csv");
    tar.write("ustar", 257);
    expect(() => detect(gzipSync(tar), "a.tar.gz")).toThrow("a tar archive inside gzip");
  });

  test.each([
    ["encrypted Parquet", Buffer.from("PARE\x15\x00", "latin1"), "encrypted footer"],
    ["gzip in gzip", gzipSync(gzipSync("a")), "compressed twice"],
    [
      "Parquet in gzip",
      gzipSync(Buffer.from("PAR1\x15\x00", "latin1")),
      "Parquet compressed as a whole with gzip",
    ],
    [
      "noise",
      Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919 + (index >> 3)) % 256)),
      "binary data of no format",
    ],
  ])("refuses %s and says so", (_, content, words) => {
    expect(() => detect(content, "a")).toThrow(words);
    expect(() => detect(content, "a")).toThrow(expect.objectContaining({ code: "unsupported" }));
  });

  test("takes words that begin like a format's magic for text", () => {
    expect(detect("ORC_ID,PAR1\n1,2\n", "orchard.csv").columnNames).toEqual(["ORC_ID", "PAR1"]);
    expect(detect("PAR1,PAR2\n1,2\n", "pars.csv").format).toBe("csv");
    expect(detect("BZhang wrote this.\n", "letter.txt").format).toBe("text");
  });

  test("lets hints win", () => {
    expect(detect(ticket, "ticket.txt", { format: "csv", separator: ":" })).toMatchObject({
      format: "csv",
      dialect: { separator: ":" },
    });
    expect(detect("a,b\n1,2\n3,4\n", "a.csv", { format: "text" }).format).toBe("text");
    expect(detect("a,b\nc,d\n", "a.csv", { hasHeader: false }).columnNames).toEqual(["column_1", "column_2"]);
    expect(detect("1,2\n3,4\n", "a.csv", { hasHeader: true }).columnNames).toEqual(["1", "2"]);
    expect(detect("a\\tb\n", "a.csv", { separator: "\\t" }).dialect?.separator).toBe("\t");
    expect(detect("h\xe9,b\n1,2\n", "a.csv", { encoding: "latin-1" }).encoding).toBe("latin-1");
  });

  test("looks into compressed heads that are cut", () => {
    const zipped = gzipSync(Buffer.from(`id,name\n${"1,Ann\n".repeat(100_000)}`));
    expect(detect(zipped.subarray(0, 200), "a.csv.gz", {}, false)).toMatchObject({
      format: "csv",
      compression: "gzip",
      columnNames: ["id", "name"],
    });
  });
});
