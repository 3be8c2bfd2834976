import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CsvDialect } from "./format.ts";
import { type PrepareTextOptions, prepareText } from "./prepare-text.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-text-"));
});
afterAll(() => rm(folder, { recursive: true }));

const csv: CsvDialect = { separator: ",", quote: '"', escape: '"', hasHeader: true, skipLines: 0 };

async function prepare(
  bytes: Uint8Array | string,
  options: Partial<PrepareTextOptions> = {},
  chunkBytes = 1e9,
) {
  const path = join(folder, "out");
  const stored = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  async function* chunks() {
    for (let at = 0; at < stored.length; at += chunkBytes) yield stored.subarray(at, at + chunkBytes);
  }
  const facts = await prepareText(chunks(), path, {
    compression: "none",
    encoding: "utf-8",
    maxDecompressedBytes: 1e9,
    signal: new AbortController().signal,
    ...options,
  });
  const text = await readFile(path, "utf8");
  expect(facts.sizeBytes).toBe(Buffer.byteLength(text));
  return { text, ...facts };
}

describe("prepareText", () => {
  test("leaves plain UTF-8 as it is", async () => {
    const { text, readableInPlace, lineEnds } = await prepare("a,b\n1,é😀\n", { dialect: csv });
    expect({ text, readableInPlace, lineEnds }).toEqual({
      text: "a,b\n1,é😀\n",
      readableInPlace: true,
      lineEnds: "lf",
    });
  });

  test("says that pure CRLF can be read in place, quoted line ends aside", async () => {
    const { text, readableInPlace, lineEnds } = await prepare('a,b\r\n"x\ny\rz",2\r\n', { dialect: csv });
    expect({ text, readableInPlace, lineEnds }).toEqual({
      text: 'a,b\n"x\ny\rz",2\n',
      readableInPlace: true,
      lineEnds: "crlf",
    });
  });

  test.each([1, 2, 3, 5, 1000])(
    "makes mixed line ends one, %i bytes at a time, and keeps quoted ones",
    async (size) => {
      const given = 'a,b\r\n"x\r\n""y""\r\n,z",2\n3,4\r"",5\r\n6,""\r\nit"s,7\r';
      const { text, lineEnds, readableInPlace } = await prepare(given, { dialect: csv }, size);
      expect(text).toBe('a,b\n"x\r\n""y""\r\n,z",2\n3,4\n"",5\n6,""\nit"s,7\n');
      expect({ lineEnds, readableInPlace }).toEqual({ lineEnds: "mixed", readableInPlace: false });
    },
  );

  test.each([1, 2, 1000])("follows backslash escapes, %i bytes at a time", async (size) => {
    const { text } = await prepare('a\r\n"x\\"\r\n\\\\"\r\nb\n', { dialect: { ...csv, escape: "\\" } }, size);
    expect(text).toBe('a\n"x\\"\r\n\\\\"\nb\n');
  });

  test("takes every line end of plain text, whatever the quotes", async () => {
    const { text } = await prepare('he said "a\r\nb"\rc\n');
    expect(text).toBe('he said "a\nb"\nc\n');
  });

  test.each([
    ["utf-8", Buffer.from("\ufeffna,é\n1,😀\n")],
    ["utf-16le", Buffer.from("\ufeffna,é\n1,😀\n", "utf16le")],
    ["utf-16be", Buffer.from("\ufeffna,é\n1,😀\n", "utf16le").swap16()],
  ] as const)("decodes %s and drops its mark, in chunks of any size", async (encoding, bytes) => {
    for (const size of [1, 2, 3, 4, 5, 7, 100]) {
      const { text, readableInPlace } = await prepare(bytes, { encoding }, size);
      expect({ text, readableInPlace }).toEqual({ text: "na,é\n1,😀\n", readableInPlace: false });
    }
  });

  test("reads latin-1 as Windows-1252", async () => {
    const { text } = await prepare(Buffer.from([0x63, 0xe9, 0x80, 0x93, 0x0a]), { encoding: "latin-1" });
    expect(text).toBe("cé€“\n");
  });

  test("names the offset of a byte that is no UTF-8, far behind the head", async () => {
    const bytes = Buffer.concat([Buffer.alloc(3_000_000, "aé\n"), Buffer.from([0x41, 0xe9, 0x0a])]);
    await expect(prepare(bytes, {}, 65_536)).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining(
        "at byte 3000001. If it is in another encoding, say so with the argument encoding",
      ),
      details: { byteOffset: 3_000_001 },
    });
  });

  test.each([
    ["utf-8", [0x61, 0xc3]],
    ["utf-8", [0x61, 0xed, 0xa0, 0x80]],
    ["utf-16le", [0x61, 0x00, 0x62]],
    ["utf-16le", [0x61, 0x00, 0x00, 0xd8]],
    ["utf-16le", [0x61, 0x00, 0x00, 0xdc, 0x61, 0x00]],
  ] as const)("refuses cut or lone %s units %j", async (encoding, bytes) => {
    for (const size of [1, 2, 100]) {
      await expect(prepare(Uint8Array.from(bytes), { encoding }, size)).rejects.toMatchObject({
        code: "invalid_input",
      });
    }
  });

  test("refuses a mark of the other byte order", async () => {
    const bytes = Buffer.from("\ufeffa", "utf16le");
    await expect(prepare(bytes, { encoding: "utf-16be" })).rejects.toThrow(
      "marked as utf-16le, not utf-16be",
    );
  });

  test("refuses a line longer than the bound, and no shorter one", async () => {
    const lines = `${"a".repeat(100)}\n${"b".repeat(99)}\r\n`.repeat(50);
    for (const size of [1, 7, 64, 10_000]) {
      expect((await prepare(lines, { maxLineBytes: 100 }, size)).sizeBytes).toBe(201 * 50);
      await expect(prepare(`${lines}${"c".repeat(101)}`, { maxLineBytes: 100 }, size)).rejects.toMatchObject({
        code: "too_large",
        message: expect.stringContaining("longer than 100 bytes"),
      });
    }
  });

  test("stops when asked to", async () => {
    const controller = new AbortController();
    async function* endless() {
      for (let count = 0; ; count += 1) {
        if (count === 10) controller.abort(new Error("stop"));
        yield Buffer.from("a\n");
      }
    }
    const work = prepareText(endless(), undefined, {
      compression: "none",
      encoding: "utf-8",
      maxDecompressedBytes: 1e9,
      signal: controller.signal,
    });
    await expect(work).rejects.toThrow("stop");
  });

  test("checks without writing where no path is given", async () => {
    const path = join(folder, "plain.csv.gz");
    await writeFile(path, gzipSync("a\nb\n"));
    const facts = await prepareText(createReadStream(path), undefined, {
      compression: "gzip",
      encoding: "utf-8",
      maxDecompressedBytes: 4,
      signal: new AbortController().signal,
    });
    expect(facts).toEqual({ sizeBytes: 4, lineEnds: "lf", readableInPlace: false, notes: [] });
  });
});
