import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listChains, listSegments } from "../../src/audit/journal/segments.ts";
import type { ReadRecord } from "../../src/audit/record/record.ts";
import { createRefusedCallers } from "../../src/audit/refused-callers.ts";
import { createRefusedCalls } from "../../src/audit/refused-calls.ts";
import { verifyJournal } from "../../src/audit/verify/verify-journal.ts";
import { createMemoryWriteRecords } from "../../src/core/memory-write-records.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { allowWrites, unguarded } from "../../src/core/steps.ts";
import { type AuditPlace, createAuditPlace } from "../harness/audit.ts";
import { confirmingPath } from "../harness/confirming-path.ts";
import { type PolicyServer, startPolicyServer } from "../harness/policy-server.ts";
import { postMcp } from "../harness/rpc.ts";

let journalDir: string;
let server: PolicyServer | undefined;
beforeEach(async () => {
  journalDir = await mkdtemp(join(tmpdir(), "sluice-refusals-"));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(journalDir, { recursive: true, force: true });
});

type GivenSettings = Parameters<typeof startPolicyServer>[0];
const start = async (settings: GivenSettings = {}) => {
  server = await startPolicyServer({ audit: { journalDir }, ...settings });
  return server;
};

/** The records of calls and callers, once the server has stopped. */
async function records(): Promise<ReadRecord[]> {
  await server?.stop();
  server = undefined;
  const chains = await listChains(journalDir);
  const files = (await Promise.all(chains.map((one) => listSegments(join(journalDir, one))))).flat();
  const texts = await Promise.all(files.map(({ path }) => readFile(path, "utf8")));
  return texts
    .flatMap((text) => text.trim().split("\n"))
    .map((line) => JSON.parse(line) as ReadRecord)
    .filter(({ kind }) => kind !== "opened" && kind !== "closed");
}

const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

const rbac = {
  roles: { reader: { allow: ["lake_list_sources", "lake_list_buckets"] } },
  bindings: [{ principals: ["ann"], roles: ["reader"] }],
};

test("a call of no tool is on record, its name bounded and on one line", async () => {
  const { call } = await start();
  const name = `lake_none\r\n"kind":"outcome"\u2028\u202e${"x".repeat(100_000)}`;
  expect(await call("ann", name, { password: "hunter2" })).toMatchObject({ kind: "unknown_tool" });
  const [record, ...more] = await records();
  expect(more).toEqual([]);
  expect(record).toMatchObject({
    kind: "outcome",
    result: "not_found",
    principal: "ann",
    tenant: "default",
    via: "jwt",
    arguments: { password: "[hidden]" },
    durationMs: expect.any(Number),
  });
  expect(String(record?.tool)).toMatch(/^lake_none\r\n"kind"/);
  expect(JSON.stringify(record).length).toBeLessThan(2_000);
});

test("a call of a hidden tool is on record as denied, though its caller is told that there is none", async () => {
  const { connect, call } = await start({ rbac });
  const client = await connect("ann");
  const asked = client.call("lake_read_rows", { uri: "s3://lake/a.csv" });
  await expect(asked).rejects.toThrow(/Unknown tool|not found|does not exist|no tool/i);
  await client.close();
  expect(await call("ann", "read_csv_from_s3", {})).toMatchObject({ kind: "unknown_tool" });
  const found = await records();
  expect(found).toMatchObject([
    { kind: "outcome", result: "denied", tool: "lake_read_rows", effect: "read", principal: "ann" },
    { kind: "outcome", result: "denied", tool: "lake_read_rows", calledAs: "read_csv_from_s3" },
  ]);
  expect(found[0]?.resources).toEqual(["s3://lake/a.csv"]);
  expect(found[0]?.message).toBe(
    "The tool is hidden from this caller: no role of this principal allows lake_read_rows.",
  );
});

test.each<[string, string, GivenSettings, string, Record<string, unknown>, number]>([
  ["rate-limited", "throttled", { limits: { ratePerSecond: 1, burst: 1 } }, "lake_list_sources", {}, 2],
  ["past the day's quota", "throttled", { limits: { perDay: 1 } }, "lake_list_sources", {}, 2],
  ["with wrong arguments", "invalid_input", {}, "lake_read_rows", { uri: 7 }, 1],
  ["a write on a server that is read-only", "denied", {}, "lake_export_query", { sql: "SELECT 1 AS a" }, 1],
])("a call that is refused, %s, leaves one record", async (_why, code, settings, tool, args, calls) => {
  const { call } = await start({
    lake: { buckets: ["lake"], exports: { buckets: ["lake"] } } as GivenSettings["lake"],
    ...settings,
  });
  for (let index = 0; index < calls; index++) await call("ann", tool, args);
  const refused = (await records()).filter(({ result }) => result !== "ok");
  expect(refused.filter(({ kind }) => kind === "outcome")).toMatchObject([{ result: code, tool }]);
  expect(
    refused.filter(
      ({ kind, call: id }) =>
        kind === "intent" && refused.some((one) => one.call === id && one.kind === "outcome"),
    ),
  ).toEqual([]);
});

test("a call that finds the queue full leaves one record", async () => {
  const { call } = await start({
    limits: { ratePerSecond: "unlimited", perDay: "unlimited", concurrency: 1, queue: 0 },
  });
  await Promise.all(Array.from({ length: 5 }, () => call("ann", "lake_list_buckets")));
  const outcomes = (await records()).filter(({ kind }) => kind === "outcome");
  expect(outcomes).toHaveLength(5);
  expect(new Set(outcomes.map(({ call: id }) => id)).size).toBe(5);
  expect(outcomes.filter(({ result }) => result === "throttled" || result === "unavailable")).toHaveLength(4);
});

test("a confirmation that has expired, is of another or was used leaves one record each", async () => {
  const place: AuditPlace = await createAuditPlace();
  const audit = place.audit();
  const { clock, pathOf, call, planned } = confirmingPath();
  const path = pathOf(createMemoryWriteRecords(() => clock.nowMs));
  const on = { ...path, steps: { ...path.steps, auditor: audit.auditor } };
  const token = await planned({ position: "on" }, { on });
  await call({ position: "off", confirmationToken: token }, { on });
  clock.nowMs += 5 * 60_000;
  await call({ position: "on", confirmationToken: token }, { on });
  await audit.close();
  const found = (await place.records()).filter(({ kind }) => kind !== "opened" && kind !== "closed");
  expect(found.map(({ kind, result }) => `${kind} ${result}`)).toEqual([
    "outcome conflict",
    "outcome denied",
    "outcome denied",
  ]);
  expect(found[2]?.message).toContain("has expired");
  await place.remove();
});

test("the answer of an unknown tool stands though it cannot be recorded", async () => {
  const faults: unknown[] = [];
  const { call, pathOf } = confirmingPath();
  const path = pathOf(createMemoryWriteRecords(Date.now));
  const auditor = { ...unguarded.auditor, unknown: () => Promise.reject(new Error("no disk")) };
  const observer = { finished: () => {}, stepFailed: (fault: unknown) => faults.push(fault) };
  const on = { ...path, steps: { ...path.steps, auditor, observer, confirmer: allowWrites } };
  expect(await call({}, { name: "switch_none", on })).toMatchObject({ kind: "unknown_tool" });
  expect(faults).toMatchObject([{ step: "auditor" }]);
});

test("credentials that are refused are on record, those that are missing are not, and no secret is", async () => {
  const apiKeys = [{ id: "ada", tenant: "acme", keys: [`sha256:${"a".repeat(64)}`] }];
  const { adapter } = await start({ auth: { modes: ["api_key"], apiKeys } });
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
  const ask = (headers: Record<string, string>) => postMcp(adapter, list, headers);
  expect((await ask({})).status).toBe(401);
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const traced = { "x-api-key": "hunter2-hunter2-hunter2", traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
  for (let index = 0; index < 14; index++) expect((await ask(traced)).status).toBe(401);
  const found = await records();
  expect(found).toHaveLength(11);
  expect(found[0]).toMatchObject({
    kind: "unauthenticated",
    result: "invalid",
    via: "api_key",
    method: "POST",
    path: "/mcp",
    reason: expect.any(String),
    correlationId: traceId,
  });
  expect(found[10]).toMatchObject({ kind: "unauthenticated", leftOut: 4 });
  expect(JSON.stringify(found)).not.toContain("hunter2");
});

test("what is refused by its host or origin is on record, ten a minute, and counted", async () => {
  const { adapter } = await start();
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
  for (let index = 0; index < 14; index++)
    expect((await postMcp(adapter, list, { origin: "https://evil.example" })).status).toBe(403);
  const found = await records();
  expect(found).toHaveLength(11);
  expect(found[0]).toMatchObject({
    kind: "unauthenticated",
    result: "denied",
    method: "POST",
    path: "/mcp",
    reason: expect.stringContaining("evil.example"),
    correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(found[10]).toMatchObject({ kind: "unauthenticated", leftOut: 4 });
});

test("a flood of refused callers makes eleven records a minute", () => {
  let nowMs = 0;
  const kept: unknown[] = [];
  const journal = {
    keep: async (fields: unknown) => {
      kept.push(fields);
      return "durable" as const;
    },
  };
  const callers = createRefusedCallers({ journal, log: quiet, now: Date.now, elapsedMs: () => nowMs });
  const caller = { kind: "invalid", reason: "expired", method: "POST", path: "/mcp", correlationId: "id-1" };
  for (let second = 0; second < 180; second++) {
    nowMs = second * 1_000;
    for (let index = 0; index < 1_000; index++) callers.refused(caller);
  }
  callers.close();
  expect(kept).toHaveLength(33);
  expect(kept.at(-1)).toMatchObject({ leftOut: 59_990 });
});

test("a known caller's refused calls have ten records a minute and result, and one that counts the others", async () => {
  const { call } = await start({ rbac, limits: { ratePerSecond: 1, burst: 1 } });
  for (let index = 0; index < 40; index++) await call("ann", `lake_none_${index}`);
  for (let index = 0; index < 25; index++) await call("ann", "lake_read_rows", { uri: `s3://lake/${index}` });
  for (let index = 0; index < 15; index++) await call("bob", "lake_list_sources");
  for (let index = 0; index < 30; index++) await call("ann", "lake_list_sources");
  const found = await records();
  const of = (principal: string, result: string) =>
    found.filter((one) => one.principal === principal && one.result === result);
  const [unknown, hidden, others] = [of("ann", "not_found"), of("ann", "denied"), of("bob", "denied")];
  expect([unknown.length, hidden.length, others.length]).toEqual([11, 11, 11]);
  expect(unknown.at(-1)).toMatchObject({ kind: "refused", leftOut: 30, tenant: "default", via: "jwt" });
  expect(unknown.at(-1)).not.toHaveProperty("tools");
  expect(hidden.at(-1)).toMatchObject({ kind: "refused", leftOut: 15, tools: { lake_read_rows: 15 } });
  expect(others.at(-1)).toMatchObject({ leftOut: 5, tools: { lake_list_sources: 5 } });
  const throttled = of("ann", "throttled");
  const leftOut = Number(throttled.at(-1)?.leftOut);
  expect(throttled.at(-1)).toMatchObject({ kind: "refused", tools: { lake_list_sources: leftOut } });
  expect(throttled.length - 1 + leftOut + of("ann", "ok").length, "every call is counted").toBe(30);
  expect(of("ann", "ok").length).toBeGreaterThan(0);
  expect(await verifyJournal({ dir: journalDir, store: undefined, retentionDays: 90 })).toMatchObject({
    problems: [],
  });
});

test("calls that fail once they were let in have a record each, however many", async () => {
  const { call } = await start({ limits: { ratePerSecond: "unlimited", perDay: "unlimited" } });
  for (let index = 0; index < 30; index++)
    await call("ann", "lake_read_rows", { uri: `/nowhere/${index}.csv` });
  const found = await records();
  expect(found.map(({ kind }) => kind)).toEqual(Array(30).fill("outcome"));
  expect(found.every(({ result }) => result !== "ok")).toBe(true);
});

test("a flood of many callers' refused calls is counted to the last, and takes bounded memory", () => {
  let nowMs = 0;
  const kept: { leftOut?: number }[] = [];
  const writer = {
    keep: async (fields: object) => {
      kept.push(fields);
      return "durable" as const;
    },
  };
  const calls = createRefusedCalls({ writer, log: quiet, now: Date.now, elapsedMs: () => nowMs });
  let own = 0;
  const sent = 3 * 1_500 * 20;
  for (let minute = 0; minute < 3; minute++) {
    for (let round = 0; round < 20; round++)
      for (let index = 0; index < 1_500; index++) {
        const principal = { ...localPrincipal, id: `caller-${index}` };
        if (!calls.isGathered({ principal, result: "throttled", tool: "lake_query" })) own++;
      }
    nowMs += 60_000;
  }
  for (let index = 0; index < 5_000; index++)
    if (!calls.isGathered({ principal: localPrincipal, result: "denied" })) own++;
  expect(own).toBe(3 * 1_500 * 10 + 10);
  // More than are told apart at a time.
  for (let index = 0; index < 12_000; index++) {
    const principal = { ...localPrincipal, id: `one-of-${index % 11_000}` };
    if (!calls.isGathered({ principal, result: "denied" })) own++;
  }
  calls.close();
  const gathered = kept.reduce((sum, { leftOut = 0 }) => sum + leftOut, 0);
  expect(own + gathered).toBe(sent + 17_000);
  expect(kept).toContainEqual(expect.objectContaining({ kind: "refused", leftOut: 4_990, result: "denied" }));
});
