import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detectFormat } from "../../src/lake/formats/detect-format.ts";
import type { Compression } from "../../src/lake/formats/format.ts";
import { prepareText } from "../../src/lake/formats/prepare-text.ts";
import { cpuMsOf } from "../harness/cpu-time.ts";
import { decodeApart } from "../harness/decode-apart.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-compressed-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function* inChunks(bytes: Uint8Array, chunkBytes: number) {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

async function prepare(
  bytes: Uint8Array,
  compression: Compression,
  { maxBytes = 1e9, chunkBytes = 65_536 } = {},
) {
  const path = join(folder, "out");
  await prepareText(inChunks(bytes, chunkBytes), path, {
    compression,
    encoding: "utf-8",
    maxDecompressedBytes: maxBytes,
    signal: new AbortController().signal,
  });
  return readFile(path, "utf8");
}

/** One zstd frame of raw or repeated blocks, as RFC 8878 has it: no compressor needed. */
function zstdFrame(
  blocks: { raw: string } | { repeat: string; count: number },
  { windowLog = 17, checksum = undefined as string | undefined, dictionary = false } = {},
) {
  const header = [
    0x28,
    0xb5,
    0x2f,
    0xfd,
    (checksum === undefined ? 0 : 4) | (dictionary ? 1 : 0),
    (windowLog - 10) << 3,
    ...(dictionary ? [7] : []),
  ];
  const parts = [Buffer.from(header)];
  const sizes = "raw" in blocks ? [blocks.raw.length] : chunkSizes(blocks.count);
  sizes.forEach((size, index) => {
    const block = Buffer.alloc(3);
    const type = "raw" in blocks ? 0 : 1;
    block.writeUIntLE((size << 3) | (type << 1) | Number(index === sizes.length - 1), 0, 3);
    parts.push(block, Buffer.from("raw" in blocks ? blocks.raw : blocks.repeat));
  });
  if (checksum !== undefined) parts.push(Buffer.from(checksum, "hex"));
  return Buffer.concat(parts);
}

function chunkSizes(total: number): number[] {
  const full = Math.floor(total / 131_072);
  return [...Array.from({ length: full }, () => 131_072), total % 131_072];
}

const hasZstd = spawnSync("zstd", ["--version"]).status === 0;
const zstd = (text: string, ...flags: string[]) =>
  spawnSync("zstd", ["-c", "-q", ...flags], { input: text, maxBuffer: 1e9 }).stdout;

const varied = Array.from(
  { length: 60_000 },
  (_, index) => `${index},name ${(index * 7919) % 1000},${Math.sin(index)}\n`,
).join("");

describe("gzip", () => {
  test.each([1, 13, 65_536])("of several members is read whole, %i bytes at a time", async (chunkBytes) => {
    const bytes = Buffer.concat([gzipSync("a,b\n1,"), gzipSync("2\n"), gzipSync(""), gzipSync("3,4\n")]);
    expect(await prepare(bytes, "gzip", { chunkBytes })).toBe("a,b\n1,2\n3,4\n");
  });

  test("comes out as it went in", async () => {
    expect(await prepare(gzipSync(varied), "gzip")).toBe(varied);
  });

  test("with zeros behind it, as tapes pad, is read", async () => {
    expect(await prepare(Buffer.concat([gzipSync("a\n"), Buffer.alloc(512)]), "gzip")).toBe("a\n");
  });

  test.each([1, 65_536])(
    "cut, flipped or followed by junk is refused, %i bytes at a time",
    async (chunkBytes) => {
      const good = gzipSync(varied.slice(0, 20_000));
      const flipped = Buffer.from(good);
      flipped[5000] = (flipped[5000] ?? 0) ^ 0xff;
      const badSum = Buffer.from(good);
      badSum[good.length - 6] = (badSum[good.length - 6] ?? 0) ^ 1;
      for (const bytes of [
        good.subarray(0, -1),
        good.subarray(0, 3000),
        flipped,
        badSum,
        Buffer.concat([good, Buffer.from("junk!")]),
      ]) {
        await expect(prepare(bytes, "gzip", { chunkBytes })).rejects.toMatchObject({
          code: "invalid_input",
          message: expect.stringContaining("The gzip data is damaged"),
        });
      }
    },
  );

  test("that makes a thousand times as much stops at the bound, soon", async () => {
    const started = process.cpuUsage();
    await expect(
      prepareText(endlessBomb(), join(folder, "bomb"), {
        compression: "gzip",
        encoding: "utf-8",
        maxDecompressedBytes: 64e6,
        maxLineBytes: 1e9,
        signal: new AbortController().signal,
      }),
    ).rejects.toMatchObject({
      code: "too_large",
      message: expect.stringContaining("lake.maxDecompressedBytes (64000000 bytes)"),
    });
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1e6).toBeLessThan(10);
    expect((await stat(join(folder, "bomb"))).size).toBeLessThanOrEqual(64e6);
  });

  async function* endlessBomb() {
    const zip = createGzip({ level: 9 });
    const zeros = Buffer.alloc(1e6, "0");
    for (let count = 0; count < 200; count += 1) zip.write(zeros);
    zip.end();
    yield* zip as AsyncIterable<Uint8Array>;
  }
});

describe("zstd", () => {
  test.each([1, 5, 65_536])("of several frames is read whole, %i bytes at a time", async (chunkBytes) => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const bytes = Buffer.concat([
      zstdFrame({ raw: "a,b\n1," }),
      skippable,
      zstdFrame({ raw: "2\n" }, { checksum: "3acd0d31" }),
      zstdFrame({ raw: "" }),
      zstdFrame({ raw: "3,4\n" }),
    ]);
    expect(await prepare(bytes, "zstd", { chunkBytes })).toBe("a,b\n1,2\n3,4\n");
  });

  test.skipIf(!hasZstd).each([["-1"], ["-3"], ["-12"], ["-3", "--no-check"], ["--fast=5"]])(
    "as the zstd program makes it comes out as it went in: %s %s",
    async (...flags) => {
      const bytes = zstd(varied, ...flags.filter((flag) => flag !== undefined));
      expect(await prepare(bytes, "zstd", { chunkBytes: 1000 })).toBe(varied);
      expect(await prepare(Buffer.concat([bytes, bytes]), "zstd")).toBe(varied + varied);
    },
  );

  test.each([
    ["cut in a block", zstdFrame({ raw: "some text\n" }).subarray(0, -2)],
    ["cut in the header", zstdFrame({ raw: "a" }).subarray(0, 5)],
    ["cut in a skippable frame", Buffer.from([0x50, 0x2a, 0x4d, 0x18, 9, 0, 0, 0, 1])],
    ["followed by junk", Buffer.concat([zstdFrame({ raw: "a" }), Buffer.from("junk")])],
    ["a block of no kind", Buffer.concat([zstdFrame({ raw: "" }).subarray(0, 6), Buffer.from([0x07, 0, 0])])],
    [
      "a block too long",
      Buffer.concat([zstdFrame({ raw: "" }).subarray(0, 6), Buffer.from([0xf8, 0xff, 0xff])]),
    ],
    [
      "a block of noise",
      Buffer.concat([
        zstdFrame({ raw: "" }).subarray(0, 6),
        Buffer.from([0x45, 0, 0, 9, 8, 7, 6, 5, 4, 3, 2]),
      ]),
    ],
  ])("%s is refused", async (_, bytes) => {
    for (const chunkBytes of [1, 65_536]) {
      await expect(prepare(bytes, "zstd", { chunkBytes })).rejects.toMatchObject({
        code: "invalid_input",
        message: expect.stringContaining("zstd data is damaged"),
      });
    }
  });

  test("with a window of 2 GiB is refused before memory is taken", async () => {
    const bytes = zstdFrame({ raw: "a" }, { windowLog: 31 });
    await expect(prepare(bytes, "zstd")).rejects.toMatchObject({ code: "unsupported" });
    if (process.platform !== "linux") return;
    const apart = await decodeApart("zstd", bytes);
    expect(apart.code).toBe("unsupported");
    expect(apart.grownBytes).toBeLessThan(50e6);
  });

  test("that needs a dictionary is refused", async () => {
    await expect(prepare(zstdFrame({ raw: "a" }, { dictionary: true }), "zstd")).rejects.toThrow(
      "needs a dictionary",
    );
  });

  test("that makes ten gigabytes of 320 kB stops at the bound, in bounded memory", async () => {
    const bomb = zstdFrame({ repeat: "0", count: 10e9 });
    expect(bomb.length).toBeLessThan(400_000);
    await expect(
      prepareText(inChunks(bomb, 1e6), undefined, {
        compression: "zstd",
        encoding: "utf-8",
        maxDecompressedBytes: 64e6,
        maxLineBytes: 1e9,
        signal: new AbortController().signal,
      }),
    ).rejects.toMatchObject({ code: "too_large" });
    if (process.platform !== "linux") return;
    const apart = await decodeApart("zstd", bomb);
    expect(apart.code).toBe("too_large");
    expect(apart.grownBytes).toBeLessThan(150e6);
  });

  test("lets others run meanwhile, and stops when asked to", async () => {
    const bomb = zstdFrame({ repeat: "\n", count: 50e9 });
    const signal = AbortSignal.timeout(200);
    const started = performance.now();
    const work = prepareText(inChunks(bomb, 1e6), undefined, {
      compression: "zstd",
      encoding: "utf-8",
      maxDecompressedBytes: 1e15,
      signal,
    });
    await expect(work).rejects.toMatchObject({ name: "TimeoutError" });
    // Unstopped it would go on for minutes.
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  describe("made by the zstd program", () => {
    // Lines "<n>,customer <n * 7919 mod 97>,<paid or open>"; compressed at level 9, with a checksum.
    const stored = readFileSync(join(import.meta.dirname, "../fixtures/customers.csv.zst"));
    const text = Array.from(
      { length: 400 },
      (_, n) => `${n},customer ${(n * 7919) % 97},${n % 3 ? "paid" : "open"}\n`,
    ).join("");

    test.each([1, 100, 65_536])("comes out as it went in, %i bytes at a time", async (chunkBytes) => {
      expect(await prepare(stored, "zstd", { chunkBytes })).toBe(text);
    });

    test("is refused or unharmed with any byte flipped or cut", async () => {
      for (let at = 0; at < stored.length; at += at < 12 ? 1 : 11) {
        const flipped = Buffer.from(stored);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
        for (const bytes of [flipped, stored.subarray(0, at)]) {
          await prepare(bytes, "zstd").then(
            (given) => expect(given).toBe(at === 0 && bytes !== flipped ? "" : text),
            (thrown) => expect(thrown).toMatchObject({ name: "ToolError" }),
          );
        }
      }
    });
  });
});

describe("detection", () => {
  test("of a bomb looks at no more than it needs", async () => {
    for (const bomb of [gzipSync(Buffer.alloc(50e6, "a,b\n")), zstdFrame({ repeat: "a", count: 10e9 })]) {
      const head = bomb.subarray(0, 262_144);
      expect(await cpuMsOf(() => detectFormat(head, "a.csv", { isWhole: false }))).toBeLessThan(3000);
      if (process.platform === "linux")
        expect((await decodeApart("detect", head)).grownBytes).toBeLessThan(200e6);
    }
  });

  test("goes by content where the extension is wrong", () => {
    expect(detectFormat(gzipSync("a,b\n1,2\n"), "a.csv.zst", { isWhole: true })).toMatchObject({
      compression: "gzip",
      format: "csv",
      notes: expect.arrayContaining(["the name says zstd, the content is gzip"]),
    });
    expect(detectFormat(zstdFrame({ raw: "a,b\n1,2\n" }), "a.csv", { isWhole: true })).toMatchObject({
      compression: "zstd",
      format: "csv",
      columnNames: ["a", "b"],
    });
  });
});
