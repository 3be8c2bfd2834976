import { expect, test } from "vitest";
import { goldenRoot } from "../harness/golden.ts";
import { reportLines, runFuzz } from "./run-fuzz.ts";

test("300 random queries give what a plain DuckDB gives over the whole files", {
  timeout: 600_000,
}, async () => {
  const seed = Number(process.env.SLUICE_FUZZ_SEED ?? 1);
  console.info(`seed ${seed}; another with SLUICE_FUZZ_SEED`);
  const report = await runFuzz({
    seed,
    queries: 300,
    golden: goldenRoot,
    print: (line) => console.info(line),
  });
  console.info(reportLines(report).join("\n"));
  expect(report.queries).toBe(300);
  expect(report.faults).toBeLessThan(60);
  expect(report.mismatches).toEqual([]);
  expect(report.workerCrashes).toBe(0);
});
