import { parseArgs } from "node:util";
import { reportLines, runFuzz } from "../test/fuzz/run-fuzz.ts";
import { goldenRoot } from "../test/harness/golden.ts";

/**
 * `npm run fuzz:lake -- [--queries 20000] [--seed N] [--only I]`: random queries through the lake, held against a
 * plain DuckDB over the whole files. Ends with 1 where an answer differs or a worker crashed.
 */
const { values } = parseArgs({
  options: {
    queries: { type: "string", default: "20000" },
    seed: { type: "string" },
    only: { type: "string" },
  },
});

const [seed, queries, only] = [values.seed ?? Date.now() % 1e9, values.queries, values.only ?? 0].map(
  Number,
) as [number, number, number];
if (!Number.isInteger(seed) || !(queries >= 1) || !Number.isInteger(queries) || !(only >= 0)) {
  process.stderr.write(
    "Usage: npm run fuzz:lake -- [--queries N] [--seed N] [--only I], all of them whole numbers\n",
  );
  process.exit(2);
}
console.log(`seed ${seed}`);
const report = await runFuzz({
  seed,
  queries,
  only: values.only === undefined ? undefined : only,
  golden: goldenRoot,
  print: (line) => console.log(line),
});
for (const line of reportLines(report)) console.log(line);
process.exitCode = report.mismatches.length > 0 || report.workerCrashes > 0 ? 1 : 0;
