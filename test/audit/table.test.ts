import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DeleteItemCommand, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Audit } from "../../src/audit/create-audit.ts";
import { readTable } from "../../src/audit/read/read-table.ts";
import { findUnfinished } from "../../src/audit/read/unfinished.ts";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { auditedPath } from "../harness/audit.ts";
import { startAuditTable } from "../harness/audit-table.ts";
import { call } from "../harness/call-path.ts";
import { dynamoDbEnvironment } from "../harness/dynamodb-server.ts";

type Started = Awaited<ReturnType<typeof startAuditTable>>;
let place: Started;
beforeAll(async () => {
  place = await startAuditTable();
});
afterEach(async () => {
  Object.assign(place.state, { fault: undefined, isOnce: false });
  place.logged.length = 0;
  const { client, table } = place.server;
  const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
  for (const { tenant_id, item } of Items)
    await client.send(
      new DeleteItemCommand({
        TableName: table,
        Key: { tenant_id: tenant_id as never, item: item as never },
      }),
    );
});
afterAll(() => place.stop());

let ids = 0;
const pathOf = (audit: Audit, acted: string[] = []) =>
  auditedPath(audit, acted, { newId: () => `call-${++ids}`, timeoutMs: 60_000 });
const answer = (name: string, status = 400) => ({
  kind: "answer" as const,
  status,
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "arn:secret" }),
});
const told = async () =>
  (await place.records()).map(({ kind, effect, result }) =>
    [kind, effect, result].filter((part) => part !== undefined).join(" "),
  );
const unfinished = () =>
  findUnfinished(
    (async function* () {
      for await (const { record } of readTable(place.table, {}, () => {})) yield record;
    })(),
  );

test("a write has its intent in its tenant's partition before it acts, and its outcome after; a read its outcome", async () => {
  const audit = place.audit();
  const path = pathOf(audit);
  const principal = { ...localPrincipal, id: "ann", tenantId: "acme" };
  await callTool(path, { name: "test_write_word", arguments: { word: "hi" }, principal });
  await callTool(path, { name: "test_read_word", arguments: { word: "hi" }, principal });
  await audit.close();
  expect(await told()).toEqual(["intent write", "outcome write ok", "outcome read ok"]);
  const rows = await place.rows();
  expect(new Set(rows.map(({ tenantId }) => tenantId))).toEqual(new Set(["acme"]));
  expect(rows.map(({ item }) => item).toSorted()).toEqual(rows.map(({ item }) => item));
  expect(await place.records()).toMatchObject([
    { arguments: { word: "hi" }, principal: "ann", tenant: "acme", sequence: 1 },
    { sequence: 2 },
    { sequence: 3, arguments: { word: "hi" } },
  ]);
  expect(await place.verify()).toMatchObject({ problems: [], chains: [{ records: 3, lastSequence: 3 }] });
  const { Items = [] } = await place.server.client.send(new ScanCommand({ TableName: place.server.table }));
  const daysLeft = Items.map(({ expires_at }) => (Number(expires_at?.N) - Date.now() / 1000) / 86_400);
  expect(daysLeft.every((days) => days > 89.9 && days < 90.1)).toBe(true);
});

test.each(["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"])(
  "with a table that answers %s, a write is refused after four attempts at most and does not act, and a read goes on",
  async (name) => {
    const acted: string[] = [];
    const audit = place.audit();
    const path = pathOf(audit, acted);
    place.state.fault = answer(name, name === "InternalServerError" ? 500 : 400);
    place.state.requests = 0;
    const refused = await call(path, "test_write_word");
    expect(refused).toMatchObject({ fault: { code: "unavailable", retryable: true } });
    expect(JSON.stringify((refused as { fault: unknown }).fault)).not.toMatch(/arn:secret|127\.0\.0\.1/);
    // Its outcome waits, with the intent that may have come through.
    expect(place.state.requests).toBeGreaterThan(1);
    expect(place.state.requests).toBeLessThanOrEqual(4);
    const startedMs = performance.now();
    expect(await call(path, "test_write_word")).toMatchObject({ fault: { code: "unavailable" } });
    expect(performance.now() - startedMs).toBeLessThan(100);
    expect(await call(path, "test_read_word")).toMatchObject({ kind: "completed" });
    expect(acted).toEqual(["read"]);
    expect(place.logged).toEqual(["audit table cannot be written"]);

    place.state.fault = undefined;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await call(path, "test_write_word")).toMatchObject({ kind: "completed" });
    await audit.close();
    expect(await told()).toEqual([
      "intent write",
      "outcome write unavailable",
      "outcome write unavailable",
      "outcome read ok",
      "intent write",
      "outcome write ok",
    ]);
    expect(place.logged).toEqual(["audit table cannot be written", "audit table can be written again"]);
    expect(await place.verify()).toMatchObject({ problems: [] });
    expect(await unfinished()).toEqual([]);
  },
);

test("an intent whose answer was lost is put once, and its write acts once", async () => {
  const acted: string[] = [];
  const audit = place.audit();
  Object.assign(place.state, { fault: { kind: "lost" }, isOnce: true, requests: 0 });
  expect(await call(pathOf(audit, acted), "test_write_word")).toMatchObject({ kind: "completed" });
  // The put, the put again, what is there in its place, and the outcome.
  expect(place.state.requests).toBe(4);
  await audit.close();
  expect(acted).toEqual(["write"]);
  expect(await told()).toEqual(["intent write", "outcome write ok"]);
  expect(await place.verify()).toMatchObject({ problems: [], chains: [{ records: 2 }] });
});

test("a record whose key another process has taken goes into a chain of its own, and the other one stays", async () => {
  const time = new Date("2026-11-01T10:00:00Z");
  const now = () => time.getTime();
  const first = place.audit({ newId: () => "twin", now });
  await call(pathOf(first), "test_write_word", { word: "one" });
  await first.close();
  let made = 0;
  const second = place.audit({ newId: () => (made++ === 0 ? "twin" : "other"), now });
  expect(await call(pathOf(second), "test_write_word", { word: "two" })).toMatchObject({ kind: "completed" });
  await second.close();
  expect(place.logged).toEqual(["audit chain is written by another process too"]);
  const { chains, problems } = await place.verify(0);
  expect(problems).toEqual([]);
  expect(chains.map(({ chain, records }) => [chain, records]).sort()).toEqual([
    ["other", 2],
    ["twin", 2],
  ]);
});

test("a table that hangs, is missing or out of reach refuses writes in time", async () => {
  place.state.fault = { kind: "hang", afterBytes: -1 };
  const hanging = place.audit();
  const startedMs = performance.now();
  expect(await call(pathOf(hanging), "test_write_word")).toMatchObject({ fault: { code: "unavailable" } });
  expect(performance.now() - startedMs).toBeLessThan(8_000);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const path = pathOf(hanging);
  const readMs = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const fromMs = performance.now();
      expect(await call(path, "test_read_word")).toMatchObject({ kind: "completed" });
      return performance.now() - fromMs;
    }),
  );
  expect(readMs.filter((ms) => ms > 500).length, "reads that waited for another try").toBeLessThanOrEqual(1);
  place.state.fault = undefined;
  await hanging.close();
  const missing = place.audit({ settings: { table: "no-such-table" } });
  expect(await call(pathOf(missing), "test_write_word")).toMatchObject({ fault: { code: "unavailable" } });
  await missing.close();
  expect(place.logged).toContain("audit records lost");
}, 30_000);

const child = fileURLToPath(new URL("../harness/audit-table-child.ts", import.meta.url));

test("a process killed between intent and act, or after it, leaves an intent that is found", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-table-"));
  const effects = join(folder, "effects");
  const { endpoint, table } = place.server;
  for (const when of ["before", "after", "never"]) {
    const args = ["--import", "tsx", child, endpoint, table, effects, when, when];
    const env = { ...process.env, ...dynamoDbEnvironment };
    const [, signal] = await once(spawn(process.execPath, args, { stdio: "inherit", env }), "close");
    expect(signal).toBe("SIGKILL");
  }
  expect(await readFile(effects, "utf8")).toBe("after\nnever\n");
  const found = await unfinished();
  expect(found.map(({ call: id }) => id)).toEqual(["call-of-before", "call-of-after"]);
  expect(found[0]).toMatchObject({ kind: "intent", effect: "write", arguments: { word: "before" } });
  expect(await place.verify()).toMatchObject({ problems: [] });
  await rm(folder, { recursive: true });
}, 60_000);

test("many writes at once are all there, each once, in chains that hold", async () => {
  const audit = place.audit();
  const path = pathOf(audit);
  const results = await Promise.all(Array.from({ length: 100 }, () => call(path, "test_write_word")));
  expect(results.every(({ kind }) => kind === "completed")).toBe(true);
  await audit.close();
  const { problems, chains } = await place.verify();
  expect(problems).toEqual([]);
  expect(chains.length).toBeLessThanOrEqual(8);
  expect(chains.reduce((sum, { records }) => sum + records, 0)).toBe(200);
  expect(await unfinished()).toEqual([]);
});

/** A chain of three writes, and the keys of its six records. */
async function sixRecords() {
  const audit = place.audit();
  const path = pathOf(audit);
  for (let index = 0; index < 3; index++) await call(path, "test_write_word", { word: `w${index}` });
  await audit.close();
  return place.rows();
}
const keyOf = ({ tenantId, item }: { tenantId: string; item: string }) => ({
  tenant_id: { S: tenantId },
  item: { S: item },
});

test("verify names what was edited, deleted, moved or repeated", async () => {
  const { client, table: TableName } = place.server;
  const [first, second, third, fourth] = await sixRecords();
  if (!first || !second || !third || !fourth) throw new Error("There are too few records.");
  const put = (row: typeof first) =>
    client.send(new PutItemCommand({ TableName, Item: { ...keyOf(row), line: { S: row.line } } }));
  const kinds = async () => (await place.verify()).problems.map(({ kind, sequence }) => [kind, sequence]);

  await put({ ...second, line: second.line.replace('"ok"', '"no"') });
  expect(await kinds()).toEqual([["edited", undefined]]);
  await client.send(new DeleteItemCommand({ TableName, Key: keyOf(second) }));
  expect(await kinds()).toEqual([["deleted", 2]]);
  await put(second);
  await put({ ...third, tenantId: "other" });
  expect(await kinds()).toEqual([["reordered", undefined]]);
  await client.send(new DeleteItemCommand({ TableName, Key: keyOf({ ...third, tenantId: "other" }) }));
  await client.send(new DeleteItemCommand({ TableName, Key: keyOf(first) }));
  expect(await kinds()).toEqual([["deleted", 1]]);
});

test("records that may have expired, in whatever order, are not missed", async () => {
  const { client, table: TableName } = place.server;
  const [first, , third] = await sixRecords();
  for (const row of [first, third])
    if (row) await client.send(new DeleteItemCommand({ TableName, Key: keyOf(row) }));
  expect((await place.verify()).problems).toHaveLength(2);
  expect((await place.verify(Date.now() + 60_000)).problems).toEqual([]);
});
