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
