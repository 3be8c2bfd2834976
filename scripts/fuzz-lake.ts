import { parseArgs } from "node:util";
import { reportLines, runFuzz } from "../test/fuzz/run-fuzz.ts";
import { goldenRoot } from "../test/harness/golden.ts";

/**
 * `npm run fuzz:lake -- [--queries 20000] [--seed N] [--only I]`: random queries through the lake, held against a
 * plain DuckDB over the whole files. Ends with 1 where an answer differs.
 */
const { values } = parseArgs({
  options: {
    queries: { type: "string", default: "20000" },
    seed: { type: "string" },
    only: { type: "string" },
  },
});

const seed = Number(values.seed ?? Date.now() % 1e9);
console.log(`seed ${seed}`);
const report = await runFuzz({
  seed,
  queries: Number(values.queries),
  only: values.only === undefined ? undefined : Number(values.only),
  golden: goldenRoot,
  print: (line) => console.log(line),
});
for (const line of reportLines(report)) console.log(line);
process.exitCode = report.mismatches.length > 0 ? 1 : 0;
