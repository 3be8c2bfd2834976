import { expect, test } from "vitest";
import { ToolError } from "../../core/errors.ts";
import { profileColumns } from "./profile-columns.ts";

const wish = { rowCount: 10, isSample: false, topValues: 0, histogramBins: 0, memoryBytes: 1 << 28 };

/** How often a table of such a column is asked about when the engine refuses each statement. */
async function timesAsked(type: string) {
  let times = 0;
  const ask = async () => {
    times++;
    throw new ToolError("invalid_input", "Out of Range Error");
  };
  const whole = { ask, from: "dataset", look: "cheap" as const };
  const profile = profileColumns({ whole, sample: undefined }, [{ name: "a", type }], wish);
  await expect(profile).rejects.toMatchObject({ code: "invalid_input" });
  return times;
}

test("What the engine refuses is asked otherwise where doubles may be the reason, and else not again", async () => {
  expect(await timesAsked("DOUBLE")).toBe(2);
  expect(await timesAsked("VARCHAR")).toBe(1);
  expect(await timesAsked("DECIMAL(9,2)")).toBe(1);
});

test("What is too large is asked without lists before few values are estimated", async () => {
  const counted = ["n", "d0", "d1"].map((name) => ({ name, type: "BIGINT" }));
  const sampled = { columns: counted, rows: [[100_000, 3, 5]], more: false, notes: [] };
  const asked: string[] = [];
  const ask = async (sql: string) => {
    asked.push(sql);
    throw new ToolError("too_large", "Out of Memory Error");
  };
  const look = "cheap" as const;
  const sources = {
    whole: { ask, from: "dataset", look },
    sample: { ask: async () => sampled, from: "dataset", look, ofWhat: "some rows" },
  };
  const columns = ["a", "b"].map((name) => ({ name, type: "BIGINT" }));
  const profile = profileColumns(sources, columns, { ...wish, rowCount: 2_000_000 });
  await expect(profile).rejects.toMatchObject({ code: "too_large" });
  const ways = asked.map((sql) => sql.match(/list\(DISTINCT|count\(DISTINCT|approx_count_distinct/g));
  expect(ways.map((found) => [...new Set(found)])).toEqual([
    ["list(DISTINCT"],
    ["count(DISTINCT"],
    ["approx_count_distinct"],
  ]);
});
