import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detectFormat } from "../../src/lake/formats/detect-format.ts";
import { prepareJson } from "../../src/lake/formats/prepare-json.ts";

let folder: string;
let duckdb: DuckDBConnection;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-hostile-json-"));
  duckdb = await (await DuckDBInstance.create()).connect();
});
afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true });
});

/** As the engine does it: what the content is detected as decides how it is prepared. */
async function prepare(content: string | Uint8Array, name = "a.json", chunkBytes = 65_536) {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const {
    format,
    compression,
    encoding = "utf-8",
  } = detectFormat(bytes.subarray(0, 262_144), name, { isWhole: bytes.length <= 262_144 });
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const path = join(folder, "out.ndjson");
  const facts = await prepareJson(chunks(), path, {
    format: format === "ndjson" ? "ndjson" : "json",
    compression,
    encoding,
    maxDecompressedBytes: 1e9,
    signal: new AbortController().signal,
  });
  return { format, path, text: await readFile(path, "utf8"), ...facts };
}

describe("values stay exact on their way to SQL", () => {
  test.each([
    ["9007199254740993", "9007199254740993"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["18446744073709551615", "18446744073709551615"],
    ["18446744073709551616", "18446744073709551616"],
    ["123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"],
    ["1e400", "1e400"],
    ["-1E-400", "-1E-400"],
    ["0.1", "0.1"],
  ])("%s", async (number, shown) => {
    const { path } = await prepare(`[{"a":${number}}]`);
    const [row] = (
      await duckdb.runAndReadAll(`SELECT a::VARCHAR FROM read_json('${path}', format='newline_delimited')`)
    ).getRowsJS();
    expect(row).toEqual([shown]);
  });

  test("text of every kind", async () => {
    const strings = [
      "",
      "a\u0000b",
      "\u2028\u2029",
      "😀",
      "\u202eabc",
      '"\\/',
      "é",
      "=cmd()",
      "line\nend\r\n",
    ];
    const { path } = await prepare(JSON.stringify(strings.map((s) => ({ s }))));
    const rows = (
      await duckdb.runAndReadAll(`SELECT s FROM read_json('${path}', format='newline_delimited')`)
    ).getRowsJS();
    expect(rows.map(([s]) => s)).toEqual(strings);
  });

  test("keys that are no ordinary names", async () => {
    const { path } = await prepare('[{"__proto__":1,"constructor":2,"a b":3,"toString":{"__proto__":4}}]');
    const [row] = (
      await duckdb.runAndReadAll(
        `SELECT "__proto__", "constructor", "a b", "toString"['__proto__'] FROM read_json('${path}', format='newline_delimited')`,
      )
    ).getRowsJS();
    expect(row).toEqual([1n, 2n, 3n, 4n]);
  });
});

describe("documents made to hurt", () => {
  test.each([2_000, 100_000, 3_000_000])(
    "%i levels are refused, in arrays and in objects",
    async (levels) => {
      await expect(prepare("[".repeat(levels) + "]".repeat(levels))).rejects.toMatchObject({
        code: "invalid_input",
        message: expect.stringContaining("record 1: nested more than 100 levels deep"),
      });
      await expect(prepare('{"a":'.repeat(levels))).rejects.toMatchObject({ code: "invalid_input" });
    },
  );

  test("a key twice among a million is found, quickly", async () => {
    const keys = Array.from({ length: 500_000 }, (_, index) => `"k${index}":1`);
    const before = process.cpuUsage();
    await expect(prepare(`{${keys},"k250000":2}`)).rejects.toThrow('the key "k250000" comes twice');
    const { user } = process.cpuUsage(before);
    expect(user / 1e6).toBeLessThan(10);
  });

  test("keys chosen to hash alike take no quadratic time", async () => {
    // One-byte steps keep FNV-1a far from colliding; equal prefixes are the worst that is easily had.
    const keys = Array.from({ length: 20_000 }, (_, index) => `"${"x".repeat(500)}${index}":1`);
    const { records } = await prepare(`[{${keys}}]`);
    expect(records).toBe(1);
  });

  test("one record of 17 MiB is refused with the bound", async () => {
    await expect(prepare(`[{"a":"${"x".repeat(17 * 1024 * 1024)}"}]`)).rejects.toMatchObject({
      code: "too_large",
      details: { maxRecordBytes: 16_777_216 },
    });
  });

  test("50 MB of {} go through", async () => {
    const { records } = await prepare(`[${"{},".repeat(5_000_000)}{}]`);
    expect(records).toBe(5_000_001);
  });

  test.each([
    [
      "a byte that is no UTF-8",
      Buffer.concat([Buffer.from('[{"a":"é'), Buffer.from([0xff]), Buffer.from('é"}]')]),
      "latin-1",
    ],
    ["a cut character", Buffer.from('[{"a":"é"}]').subarray(0, 8), "end"],
  ])("%s gives an answer in words", async (_, bytes) => {
    await prepare(bytes).then(
      ({ text }) => expect(text).not.toContain("\ufffd"),
      (thrown) => expect(thrown).toMatchObject({ name: "ToolError", code: "invalid_input" }),
    );
  });

  test("a UTF-16 document is read", async () => {
    const { text } = await prepare(Buffer.from('\ufeff[{"é":1}]', "utf16le"));
    expect(text).toBe('{"é":1}\n');
  });
});

describe("NDJSON made to hurt", () => {
  test("a torn last line is a reject", async () => {
    const { records, rejectedCount, rejects } = await prepare('{"a":1}\n{"a":2}\n{"a":', "a.ndjson");
    expect({ records, rejectedCount, rejects }).toEqual({
      records: 2,
      rejectedCount: 1,
      rejects: [{ line: 3, reason: "the line ends in the middle of a JSON value", text: '{"a":' }],
    });
  });

  test("one line of 40 MiB is one reject, and the lines around it are read", async () => {
    const { records, rejects } = await prepare(
      `{"a":1}\n{"a":"${"x".repeat(40 * 1024 * 1024)}"}\n{"a":2}\n`,
      "a.ndjson",
    );
    expect(records).toBe(2);
    expect(rejects).toMatchObject([
      { line: 2, reason: "longer than 16777216 bytes, the most one record may have" },
    ]);
    expect(rejects[0]?.text).toHaveLength(200);
  });

  test("rejects are cut between characters", async () => {
    const { rejects } = await prepare(`{"a":1}\n${"é😀".repeat(500)}\n`, "a.ndjson");
    expect(rejects[0]?.text).not.toContain("\ufffd");
    expect(rejects[0]?.text).toMatch(/^(é😀)+é?$/u);
  });
});

describe("fuzz", () => {
  const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1e9);
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };

  function value(depth: number): unknown {
    const kind = random(depth > 4 ? 5 : 7);
    if (kind === 0) return random(2) === 0;
    if (kind === 1) return null;
    if (kind === 2) return random(2_000_000) - 1_000_000;
    if (kind === 3) return (random(1_000_000) - 500_000) / 1000;
    if (kind === 4) return ["", "é", "a\nb", "😀", '"', "\\", "\u0001", "x".repeat(random(50))][random(8)];
    if (kind === 5) return Array.from({ length: random(4) }, () => value(depth + 1));
    return record(depth + 1);
  }
  function record(depth = 0): Record<string, unknown> {
    return Object.fromEntries(
      Array.from({ length: random(5) }, (_, index) => [
        `k${index}${["", "é", " ", '"'][random(4)]}`,
        value(depth),
      ]),
    );
  }

  test(`what JSON.stringify writes comes out the same, in every shape and chunk (seed ${seed})`, async () => {
    for (let round = 0; round < 60; round += 1) {
      const records = Array.from({ length: 1 + random(20) }, () => record());
      const shapes = [
        JSON.stringify(records),
        JSON.stringify(records, null, random(2) === 0 ? "\t" : 2),
        records.map((one) => JSON.stringify(one)).join("\n"),
        records.map((one) => JSON.stringify(one, null, 1)).join("\r\n"),
      ];
      for (const shape of shapes) {
        const { text } = await prepare(shape, "a.json", 1 + random(100));
        const lines = text.split("\n").filter((line) => line !== "");
        expect(
          lines.map((line) => JSON.parse(line)),
          `seed ${seed}, round ${round}`,
        ).toEqual(records);
      }
    }
  });

  test(`text with random edits is taken or refused as JSON.parse does it (seed ${seed})`, async () => {
    const edits = ['"', "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", " ", "\t", "u", "t", "\n"];
    for (let round = 0; round < 1500; round += 1) {
      // Keys differ always, so that only the grammar is compared.
      const text = JSON.stringify({ ...record(), [`z${round}`]: value(0) });
      const at = random(text.length);
      const edited = text.slice(0, at) + edits[random(edits.length)] + text.slice(at + random(3));
      let expected = true;
      try {
        const parsed: unknown = JSON.parse(edited);
        expected = typeof parsed === "object" && parsed !== null;
      } catch {
        expected = false;
      }
      const facts = await prepareJson(
        one(Buffer.from(`{"x":0}\n${edited.replaceAll("\n", " ")}`)),
        undefined,
        {
          format: "ndjson",
          compression: "none",
          encoding: "utf-8",
          maxDecompressedBytes: 1e9,
          signal: new AbortController().signal,
        },
      );
      const wasTaken = facts.records === 2;
      const isMeaning = facts.rejects.some(({ reason }) => /twice|surrogate|not an object/.test(reason));
      if (!isMeaning && !edited.includes("\n"))
        expect(wasTaken, `seed ${seed}, round ${round}: ${edited}`).toBe(expected);
    }
  });

  async function* one(bytes: Buffer) {
    yield bytes;
  }
});
