import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestSql, type TestSql } from "../harness/sql-engine.ts";

/** Quantiles hold every value, outside the memory that the engine counts. */
const uncounted = "SELECT quantile_disc(range, 0.5) FROM range(500000000)";

const keepers = process.platform === "linux" ? (["system", "worker"] as const) : (["worker"] as const);

describe.each(keepers)("a worker whose memory is bounded by the %s", (memoryKeptBy) => {
  let sql: TestSql;

  beforeAll(async () => {
    sql = await startTestSql({}, { memoryKeptBy });
  });
  afterAll(() => sql.close());

  test("is stopped when it takes more than the engine counts, and the fault says so", async () => {
    await expect(sql.run(uncounted)).rejects.toMatchObject({
      code: "too_large",
      message: expect.stringContaining("outside the engine's own bound"),
    });
    expect((await sql.run("SELECT 1")).rows).toEqual([[1]]);
  });

  test("leaves what the engine counts to the engine, whose bound is then the one named", async () => {
    await expect(sql.run("SELECT len(list(range)) FROM range(200000000)")).rejects.toMatchObject({
      code: "too_large",
      message: expect.stringContaining("209715200 bytes of memory"),
    });
    expect((await sql.run("SELECT 1")).rows).toEqual([[1]]);
  });
});
