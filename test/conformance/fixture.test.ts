import { afterAll, beforeAll, expect, test } from "vitest";
import { createFixture } from "./fixture/fixture.ts";
import { runSuite, totalOf } from "./suite.ts";

const fixture = createFixture();
let url = "";

beforeAll(async () => {
  url = `${(await fixture.listen()).url}/mcp`;
});
afterAll(() => fixture.close());

test.each([
  { revision: "2026-07-28", which: ["--requirements", "2026-07-28"], atLeast: 190 },
  { revision: "2025-11-25", which: ["--requirements", "2025-11-25"], atLeast: 83 },
  { revision: "2025-06-18", which: ["--suite", "all", "--spec-version", "2025-06-18"], atLeast: 56 },
  { revision: "2025-03-26", which: ["--suite", "all", "--spec-version", "2025-03-26"], atLeast: 3 },
])("revision $revision passes the official suite without a failure", { timeout: 120_000 }, async (row) => {
  const { scenarios, exitCode, output } = await runSuite(url, row.which);
  const passed = totalOf(scenarios, "passed");
  console.log(`Conformance ${row.revision}: ${passed} passed, ${totalOf(scenarios, "failed")} failed`);
  expect(
    scenarios.filter(({ failed }) => failed > 0),
    output,
  ).toEqual([]);
  expect(exitCode).toBe(0);
  expect(passed).toBeGreaterThanOrEqual(row.atLeast);
});
