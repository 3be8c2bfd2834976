import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openLine, sealRecord } from "../../src/audit/record/record.ts";
import type { AnchorSettings } from "../../src/audit/settings.ts";
import type { TableRow } from "../../src/audit/table/audit-table.ts";
import { auditedPath } from "../harness/audit.ts";
import { startAuditTable } from "../harness/audit-table.ts";
import { call } from "../harness/call-path.ts";
import { type LockedBucket, startLockedBucket } from "../harness/locked-bucket.ts";

let place: Awaited<ReturnType<typeof startAuditTable>>;
let bucket: LockedBucket;
let folder: string;
beforeAll(async () => {
  place = await startAuditTable();
});
beforeEach(async () => {
  [bucket, folder] = await Promise.all([
    startLockedBucket(),
    mkdtemp(join(tmpdir(), "sluice-table-anchors-")),
  ]);
});
afterEach(async () => {
  for (const row of await place.rows()) await remove(row);
  place.logged.length = 0;
  await bucket.stop();
  await rm(folder, { recursive: true });
});
afterAll(() => place.stop());

const keyOf = ({ tenantId, item }: TableRow) => ({ tenant_id: { S: tenantId }, item: { S: item } });
async function remove(row: TableRow | undefined) {
  if (!row) throw new Error("There is no such record.");
  const { client, table: TableName } = place.server;
  await client.send(new DeleteItemCommand({ TableName, Key: keyOf(row) }));
}
async function replace(row: TableRow, line: string) {
  const { client, table: TableName } = place.server;
  await client.send(new PutItemCommand({ TableName, Item: { ...keyOf(row), line: { S: line } } }));
}
const pathOf = (audit: Parameters<typeof auditedPath>[0]) => auditedPath(audit, [], { timeoutMs: 60_000 });
const daysAgo = (days: number) => Date.now() - days * 86_400_000;

describe.each<[string, () => AnchorSettings]>([
  ["a locked bucket", () => bucket.anchor()],
  ["a folder", () => ({ kind: "folder", folder })],
])("with heads anchored in %s", (_where, anchorOf) => {
  /** Three writes: six records of one chain. */
  async function sixRecords() {
    const anchor = anchorOf();
    const audit = place.audit({ settings: { anchor } });
    for (let index = 0; index < 3; index++) await call(pathOf(audit), "test_write_word");
    await audit.close();
    const rows = await place.rows();
    expect(rows).toHaveLength(6);
    const verdict = async (keptSinceMs = daysAgo(90)) => place.verify(keptSinceMs, anchor);
    expect(await verdict()).toMatchObject({ problems: [], notes: [], chains: [{ anchoredThrough: 6 }] });
    return { rows, verdict };
  }

  test("an end that was deleted is named", async () => {
    const { rows, verdict } = await sixRecords();
    await remove(rows[5]);
    expect((await place.verify()).problems, "without anchors nobody can tell").toEqual([]);
    expect((await verdict()).problems).toMatchObject([{ kind: "truncated", sequence: 6 }]);
    await remove(rows[4]);
    expect((await verdict()).problems).toMatchObject([
      {
        kind: "truncated",
        sequence: 5,
        message: expect.stringContaining("ends with record 4; record 6 was anchored"),
      },
    ]);
  });

  test("a chain that was deleted as a whole is named", async () => {
    const { rows, verdict } = await sixRecords();
    for (const row of rows) await remove(row);
    expect((await verdict()).problems).toMatchObject([
      { kind: "deleted", sequence: 1, message: expect.stringContaining("The whole chain is gone") },
    ]);
  });

  test("an end that was written anew, hashes and all, is named", async () => {
    const { rows, verdict } = await sixRecords();
    const [last] = rows.slice(-1);
    const record = last && openLine(last.line);
    if (!record) throw new Error("There is no last record.");
    const { kind, time, tenant, chainSince, chain, previousHash } = record;
    const forged = { kind, time, tenant, chainSince, result: "denied" };
    await replace(last, sealRecord(chain, forged, { sequence: 5, hash: previousHash }).line);
    expect((await place.verify()).problems, "the chain itself holds").toEqual([]);
    expect((await verdict()).problems).toMatchObject([{ kind: "forked", sequence: 6 }]);
  });

  test("an end that does not hold is told once", async () => {
    const { rows, verdict } = await sixRecords();
    const last = rows[5];
    if (last) await replace(last, last.line.replace('"ok"', '"no"'));
    expect((await verdict()).problems).toMatchObject([{ kind: "edited" }]);
    for (const row of rows) await replace(row, row.line.replace('"format":1', '"format":2'));
    expect((await verdict()).problems.map(({ kind }) => kind)).toEqual(Array(6).fill("edited"));
  });

  test("what may have expired is not missed", async () => {
    const { rows, verdict } = await sixRecords();
    await remove(rows[5]);
    expect((await verdict(Date.now())).problems).toEqual([]);
    for (const row of rows.slice(0, 5)) await remove(row);
    expect((await verdict(Date.now())).problems).toEqual([]);
    expect((await verdict(daysAgo(2))).problems).toMatchObject([{ kind: "deleted" }]);
  });
});

test("a chain is anchored with its first record, and then no more often than told, by the next record or by time", async () => {
  let nowMs = Date.now();
  const audit = place.audit({
    settings: { anchor: bucket.anchor(), anchorEveryMs: 60_000 },
    now: () => nowMs,
  });
  const path = pathOf(audit);
  await call(path, "test_read_word");
  await audit.flush(2_000);
  expect(bucket.state.puts).toBe(1);
  for (let index = 0; index < 5; index++) {
    nowMs += 10_000;
    await call(path, "test_read_word");
    await audit.flush(2_000);
  }
  expect(bucket.state.puts).toBe(1);
  nowMs += 10_000;
  await call(path, "test_read_word");
  await audit.flush(2_000);
  expect(bucket.state.puts).toBe(2);
  // Where the process is frozen for good now, this is what was promised.
  expect((await place.verify(daysAgo(90), bucket.anchor())).chains).toMatchObject([
    { lastSequence: 7, anchoredThrough: 7 },
  ]);
  await audit.close();
  expect(bucket.state.puts, "nothing new at the end").toBe(2);

  const living = place.audit({ settings: { anchor: bucket.anchor(), anchorEveryMs: 200 } });
  for (let index = 0; index < 3; index++) await call(pathOf(living), "test_read_word");
  await expect.poll(() => [...bucket.objects.keys()].at(-1)).toMatch(/\/0{15}3-/);
  await living.close();
});

test("after each call, its head is locked before the flush that precedes its answer ends", async () => {
  bucket.state.answerMs = 200;
  const audit = place.audit({ settings: { anchor: bucket.anchor(), anchorEveryMs: 0 } });
  for (const [index, tool] of ["test_read_word", "test_write_word", "test_read_word"].entries()) {
    await call(pathOf(audit), tool);
    await audit.flush(2_000);
    const { chains } = await place.verify(daysAgo(90), bucket.anchor());
    expect(chains[0]?.anchoredThrough).toBe([1, 3, 4][index]);
    expect(chains[0]?.lastSequence).toBe(chains[0]?.anchoredThrough);
  }
  await audit.close();
});

test("a bucket that cannot be reached is told once, slows no call and stops none", async () => {
  await bucket.stop();
  const audit = place.audit({ settings: { anchor: bucket.anchor() } });
  for (let index = 0; index < 3; index++) {
    expect(await call(pathOf(audit), "test_write_word")).toMatchObject({ kind: "completed" });
    await audit.flush(2_000);
  }
  const startedMs = performance.now();
  await call(pathOf(audit), "test_read_word");
  await audit.flush(2_000);
  expect(performance.now() - startedMs).toBeLessThan(300);
  await audit.close();
  expect(place.logged).toEqual(["audit anchor cannot be written"]);
  expect((await place.verify()).problems).toEqual([]);
});

test("a bucket that hangs is waited for a second by one answer, by the next ones not, and lets the process end", async () => {
  bucket.state.isHanging = true;
  const audit = place.audit({ settings: { anchor: bucket.anchor() } });
  const flushMs: number[] = [];
  for (let index = 0; index < 3; index++) {
    await call(pathOf(audit), "test_read_word");
    const fromMs = performance.now();
    await audit.flush(2_000);
    flushMs.push(performance.now() - fromMs);
  }
  expect(flushMs[0]).toBeGreaterThan(800);
  expect(flushMs[0]).toBeLessThan(1_300);
  expect(Math.max(...flushMs.slice(1))).toBeLessThan(200);
  const fromMs = performance.now();
  await audit.close();
  expect(performance.now() - fromMs).toBeLessThan(5_000);
  expect(place.logged).toEqual(["audit anchor cannot be written"]);
});

test("a bucket that refuses is left alone for ten seconds, then gets the heads, and that is told", async () => {
  let nowMs = Date.now();
  bucket.state.isDenied = true;
  const audit = place.audit({ settings: { anchor: bucket.anchor() }, now: () => nowMs });
  const once = async () => {
    await call(pathOf(audit), "test_read_word");
    await audit.flush(2_000);
  };
  await once();
  expect(place.logged).toEqual(["audit anchor cannot be written"]);
  bucket.state.isDenied = false;
  await once();
  expect(bucket.state.puts).toBe(0);
  nowMs += 10_000;
  await once();
  expect(bucket.state.puts).toBe(1);
  expect(place.logged).toEqual(["audit anchor cannot be written", "audit anchors can be written again"]);
  await audit.close();
});

test("every chain of a busy process is anchored to its end", async () => {
  const audit = place.audit({ settings: { anchor: bucket.anchor(), anchorEveryMs: 50 } });
  const path = pathOf(audit);
  await Promise.all(Array.from({ length: 60 }, () => call(path, "test_write_word")));
  await audit.close();
  const { chains, problems } = await place.verify(daysAgo(90), bucket.anchor());
  expect(problems).toEqual([]);
  expect(chains.length).toBeGreaterThan(1);
  expect(chains.map(({ anchoredThrough }) => anchoredThrough)).toEqual(
    chains.map(({ lastSequence }) => lastSequence),
  );
});

test("records are printed once they are in the table, each once", async () => {
  const printed: string[] = [];
  const audit = place.audit({ out: (line) => void printed.push(line) });
  Object.assign(place.state, { fault: { kind: "lost" }, isOnce: true });
  await call(pathOf(audit), "test_write_word");
  expect(printed).toHaveLength(2);
  await audit.close();
  expect(printed.toSorted()).toEqual((await place.rows()).map(({ line }) => line).toSorted());
});
