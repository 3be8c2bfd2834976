import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { callTool } from "../../src/core/call.ts";
import { confirmWrites } from "../../src/core/confirm-writes.ts";
import { createConfirmationTokens } from "../../src/core/confirmation-token.ts";
import { createMemoryWriteRecords } from "../../src/core/memory-write-records.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import type { SealingKeys } from "../../src/core/seal.ts";
import { SharedWriteRecords } from "../../src/core/shared-write-records.ts";
import { type Confirmer, unguarded } from "../../src/core/steps.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import { requestOf } from "../harness/confirming-path.ts";
import { exportSettings } from "../harness/exports.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

const exports = exportSettings("AES256");

const keys: SealingKeys = ["k".repeat(32)];
const ofOneProcess = confirmWrites({
  keys,
  records: createMemoryWriteRecords(Date.now),
  now: Date.now,
});

beforeAll(async () => {
  lake = await startTestLake({ settings: { exports } });
});
afterAll(() => lake.stop());
beforeEach(() => {
  lake.server.requests.length = 0;
});

const run = (args: Record<string, unknown>, confirmer: Confirmer = ofOneProcess) =>
  callTool(
    { ...lake.calls, steps: { ...unguarded, confirmer } },
    { name: "lake_export_query", arguments: args, principal: localPrincipal },
  );
const writes = () => lake.server.requests.filter(({ method }) => method !== "GET" && method !== "HEAD");

test("an export is planned without writing, then written once", async () => {
  const args = { sql: "SELECT 1 AS a", name: "planned" };
  const { plan, confirmationToken } = requestOf(await run(args));
  expect(plan).toMatchObject({
    summary: "Writes a query's whole result to S3",
    changes: [
      { what: "s3://lake/exports/planned.parquet", to: "a new object: parquet, encryption AES256" },
      { what: "statement", to: "SELECT 1 AS a" },
    ],
    reversible: true,
  });
  expect(writes()).toEqual([]);
  const answers = await Promise.all([1, 2, 3].map(() => run({ ...args, confirmationToken })));
  expect(answers.filter(({ kind }) => kind === "completed")).toHaveLength(1);
  expect(writes()).toHaveLength(1);
  // The same export again is there: the plan says so.
  const again = requestOf(await run(args));
  expect(again.plan.summary).toBe("Gives a link to an export that was made before");
  expect(await run({ ...args, confirmationToken: again.confirmationToken })).toMatchObject({
    kind: "completed",
  });
  expect(writes()).toHaveLength(1);
});

test("data that changed after the plan gives another object, so the plan is refused", async () => {
  const uri = await lake.put("changing.csv", "a\n1\n");
  const args = { sql: `SELECT a FROM '${uri}'` };
  const { confirmationToken } = requestOf(await run(args));
  await lake.put("changing.csv", "a\n1\n2\n");
  lake.server.requests.length = 0;
  expect(await run({ ...args, confirmationToken })).toMatchObject({ fault: { code: "changed" } });
  expect(writes()).toEqual([]);
});

test("what could not be written is refused before anybody is asked", async () => {
  await lake.put("exports/taken.parquet", "something else");
  const fault = async (args: Record<string, unknown>) => {
    const result = await run({ sql: "SELECT 1 AS a", ...args });
    return result.kind === "failed" ? [result.fault.code, result.fault.details.plan] : undefined;
  };
  expect(await fault({ name: "taken" })).toEqual(["conflict", undefined]);
  expect(await fault({ folder: "s3://other/x/" })).toEqual(["denied", undefined]);
  expect(await fault({ sql: "DROP TABLE x" })).toEqual(["invalid_input", undefined]);
});

describe("an export whose server fell silent after it had begun", () => {
  let nowMs = Date.now();
  const now = () => nowMs;
  const records = new SharedWriteRecords({ items: new MemoryStore({ now }), keys, now });
  const shared = confirmWrites({ keys, records, now });

  /** Planned and begun, and nothing heard of it since. */
  async function lost(args: Record<string, unknown>): Promise<string> {
    const { confirmationToken } = requestOf(await run(args, shared));
    const nonce = createConfirmationTokens(keys).open(confirmationToken)?.nonce ?? "";
    const { tenantId } = localPrincipal;
    const begun = await records.begin({ tenantId, nonce }, { untilMs: nowMs + 400_000, about: ["s3://x/y"] });
    expect(begun.state).toBe("begun");
    expect(await run({ ...args, confirmationToken }, shared)).toMatchObject({
      fault: { code: "conflict", retryable: true },
    });
    nowMs += 20_000;
    return confirmationToken;
  }

  test("is made where it was not, by one of those who call again", async () => {
    const args = { sql: "SELECT 2 AS a" };
    const confirmationToken = await lost(args);
    const answers = await Promise.all([1, 2, 3].map(() => run({ ...args, confirmationToken }, shared)));
    expect(answers.filter(({ kind }) => kind === "completed")).toHaveLength(1);
    expect(writes()).toHaveLength(1);
    expect(await run({ ...args, confirmationToken }, shared)).toMatchObject({ kind: "completed" });
    expect(writes()).toHaveLength(1);
  });

  test("is given again where it was made, though the token has expired since", async () => {
    const args = { sql: "SELECT 3 AS a" };
    const confirmationToken = await lost(args);
    // As the silent server left it.
    await run({ ...args, confirmationToken: requestOf(await run(args)).confirmationToken });
    expect(writes()).toHaveLength(1);
    nowMs += 300_000;
    const again = await run({ ...args, confirmationToken }, shared);
    expect(again).toMatchObject({ kind: "completed", output: { rows: 1 } });
    expect(JSON.stringify(again)).toContain("was made before");
    expect(writes()).toHaveLength(1);
  });

  test("is not made of other data, nor where its name is another's by now", async () => {
    const uri = await lake.put("lost.csv", "a\n1\n");
    const sql = `SELECT a FROM '${uri}'`;
    for (const args of [{ sql }, { sql, name: "lost" }]) {
      const confirmationToken = await lost(args);
      await lake.put("lost.csv", `a\n${nowMs}\n`);
      if ("name" in args) await lake.put("exports/lost.parquet", "another's");
      lake.server.requests.length = 0;
      expect(await run({ ...args, confirmationToken }, shared)).toMatchObject({
        fault: { code: "conflict", retryable: false, details: { uncertain: true, check: ["s3://x/y"] } },
      });
      expect(writes()).toEqual([]);
    }
  });
});
