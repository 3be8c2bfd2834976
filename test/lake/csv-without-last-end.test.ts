import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

/** A CSV file of so many bytes, whose last line has no end. */
function endless(sizeBytes: number): { text: string; rows: number } {
  const lines = ["id,word,gap"];
  let left = sizeBytes - 12;
  for (;;) {
    const line = `${lines.length},${"·".repeat(30)},`;
    const lineBytes = Buffer.byteLength(line) + 1;
    if (left < 2 * lineBytes) break;
    left -= lineBytes;
    lines.push(line);
  }
  const start = `${lines.length},`;
  lines.push(`${start}${"z".repeat(left - start.length - 1)},`);
  return { text: lines.join("\n"), rows: lines.length - 1 };
}

const buffer = 8 * 2 ** 20;
test.each([1_000_003, 3_000_001, 4_200_003, 6_000_001, buffer - 1, buffer, buffer + 1])(
  "the last line counts though it has no end, in a file of %d bytes",
  async (sizeBytes) => {
    const { text, rows } = endless(sizeBytes);
    expect(Buffer.byteLength(text)).toBe(sizeBytes);
    const path = await lake.write("endless.csv", text);
    const uri = await lake.put("endless.csv", text);
    for (const source of [path, uri]) {
      const { rows: found } = await lake.output("lake_query", {
        sql: `SELECT count(*), max(id), max(word)[:1] FROM '${source}'`,
      });
      expect(found).toEqual([[rows, rows, "·"]]);
    }
  },
);
