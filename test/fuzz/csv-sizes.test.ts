import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { lakeSettings } from "../harness/lake-settings.ts";
import { type Choices, choices } from "./random.ts";

/** `CSV_SIZES=300 npx vitest run test/fuzz/csv-sizes.test.ts` for many. */
const tries = Number(process.env.CSV_SIZES ?? 12);
/** The engine reads text in buffers of this size, by several threads. */
const bufferBytes = 8 * 2 ** 20;

let lakes: TestLake[];

beforeAll(async () => {
  const { query } = lakeSettings();
  lakes = await Promise.all(
    [1, 2, 4].map((threads) => startTestLake({ settings: { query: { ...query, threads } } })),
  );
});
afterAll(() => Promise.all(lakes.map((lake) => lake.stop())));

interface Sheet {
  text: string;
  rows: number;
  ids: number;
  lettersOfWords: number;
}

/** Mostly near the edge of a buffer. */
function sizeOf(random: Choices): number {
  const edge = random.of([0.25, 1, 2]) * bufferBytes;
  return random.chance(60) ? edge - 60 + random.below(120) : 200_000 + random.below(2.2 * bufferBytes);
}

function sheetOf(random: Choices, sizeBytes: number): Sheet {
  const lineEnd = random.of(["\n", "\n", "\r\n"]);
  const lastEnd = random.of(["", lineEnd]);
  const ending = random.of([",", ",z", ",1.5"]);
  const longest = random.of([20, 150, 3_000]);
  const quoted = random.of(["", "", '"']);
  const header = "id,word,last";
  const lines = [header];
  let left = sizeBytes - header.length - lineEnd.length;
  let [ids, lettersOfWords] = [0, 0];
  const add = (letters: number) => {
    const id = lines.length;
    const line = `${id},${quoted}${"w".repeat(letters)}${quoted}${ending}`;
    lines.push(line);
    left -= line.length + lineEnd.length;
    ids += id;
    lettersOfWords += letters;
  };
  while (left > 2 * (longest + 40)) add(1 + random.below(longest));
  const around = `${lines.length},${quoted}${quoted}${ending}`.length + lastEnd.length;
  add(Math.max(1, left - around));
  return { text: lines.join(lineEnd) + lastEnd, rows: lines.length - 1, ids, lettersOfWords };
}

test(`${tries} CSV files of sizes at which the engine's buffers end give all of their rows`, {
  timeout: 60_000 + tries * 20_000,
}, async () => {
  const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1e9);
  console.info(`seed ${seed}: repeat with SLUICE_FUZZ_SEED=${seed}`);
  for (let index = 0; index < tries; index++) {
    const random = choices(seed, index);
    const lake = random.of(lakes);
    const { text, rows, ids, lettersOfWords } = sheetOf(random, sizeOf(random));
    const isZipped = random.chance(15);
    const body = isZipped ? gzipSync(text, { level: 1 }) : text;
    const name = `sheet-${index}.csv${isZipped ? ".gz" : ""}`;
    const source = random.chance(50) ? await lake.put(name, body) : await lake.write(name, body);
    const sql = `SELECT count(*)::DOUBLE, sum(id)::DOUBLE, sum(length(word))::DOUBLE FROM '${source}'`;
    const { rows: found } = await lake.output("lake_query", { sql });
    expect(found, `file ${index} of seed ${seed}, ${text.length} bytes`).toEqual([
      [rows, ids, lettersOfWords],
    ]);
  }
});
