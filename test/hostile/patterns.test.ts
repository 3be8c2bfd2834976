import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { harvestPatterns } from "../harness/patterns/harvest.ts";
import { PatternTrial } from "../harness/patterns/try-patterns.ts";

const source = new URL("../../src/", import.meta.url).pathname;
const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1_000_000);
const trial = new PatternTrial();
afterAll(() => trial.close());

/** No attack of 64 KB may take as long: a pattern in linear time takes some ms, one in quadratic time seconds. */
const slowMs = 150;

test.each([
  ["exponential", "(?:[^/]*=[^/]*\\/)+$", ""],
  ["quadratic in an open comment", "--[^\\n]*(?:\\r(?!\\n)|\\\\\\n)", ""],
  ["quadratic in an open text", '"(?:[^"\\\\]|\\\\.)*"|-?\\d+', "g"],
  ["quadratic in two runs of one kind", "^\\s*(?:decimal|dec)\\s*(?:\\(\\d+\\))?\\s*$", "i"],
  ["quadratic in a run behind a beginning", "(:\\d\\d)\\.(\\d*?)0+(?=\\D|$)", ""],
])("the attacks find what is %s", async (_what, pattern, flags) => {
  // Not with every seed: what is found within ten is found soon by tests that run often.
  let foundMs = 0;
  for (let next = seed; next < seed + 10 && foundMs <= slowMs; next++) {
    foundMs = (await trial.slowest({ source: pattern, flags, seed: next })).slowestMs;
  }
  expect(foundMs).toBeGreaterThan(slowMs);
});

test(`each regular expression of the source is done with 64 KB in a moment, whatever they say (seed ${seed})`, async () => {
  const { literals, makers } = harvestPatterns(source);
  const all = [...literals, ...(await madeBy(makers))];
  const distinct = new Map(all.map((one) => [`/${one.pattern}/${one.flags}`, one]));
  const slow: string[] = [];
  for (const [shown, { pattern, flags }] of distinct) {
    const { slowestMs, attack } = await trial.slowest({ source: pattern, flags, seed });
    if (slowestMs <= slowMs) continue;
    const files = all.filter((one) => one.pattern === pattern && one.flags === flags).map(({ file }) => file);
    slow.push(`${files.join(", ")}: ${shown} takes ${slowestMs} ms for ${attack}`);
  }
  expect(distinct.size).toBeGreaterThan(300);
  expect(slow).toEqual([]);
}, 120_000);

/** What the files make as they are loaded, and by name what they make later. */
async function madeBy(makers: readonly string[]) {
  const made: { file: string; pattern: string; flags: string }[] = [];
  const Real = globalThis.RegExp;
  let file = "";
  class Watched extends Real {
    constructor(pattern: string | RegExp, flags?: string) {
      super(pattern, flags);
      made.push({ file, pattern: this.source, flags: this.flags });
    }
  }
  globalThis.RegExp = Watched as RegExpConstructor;
  try {
    for (file of makers) await import(join(source, file));
  } finally {
    globalThis.RegExp = Real;
  }
  expect(new Set(made.map((one) => one.file))).toEqual(new Set(makers.filter((name) => !(name in later))));
  return [...made, ...Object.values(later)];
}

/** Made of what a function is given. */
const later: Record<string, { file: string; pattern: string; flags: string }> = {
  "auth/certificates/pem.ts": {
    file: "auth/certificates/pem.ts",
    pattern: "-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----",
    flags: "g",
  },
};
