import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import type { Audit } from "../../src/audit/create-audit.ts";
import { createCounts } from "../../src/lake/cache/counts.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { createMetrics } from "../../src/telemetry/metrics/create-metrics.ts";
import { type AuditPlace, auditedPath, createAuditPlace } from "../harness/audit.ts";
import { tellFigures } from "../harness/figures.ts";
import { type Postgres, startAuditPostgres } from "../harness/postgres.ts";
import { modernRequest } from "../harness/rpc.ts";
import { startSteadyLoad } from "../harness/steady-load.ts";

/** `AUDIT_OUTAGE_SECONDS=60 npx vitest run test/audit/outage.test.ts` for the full minute. */
const outageSeconds = Number(process.env.AUDIT_OUTAGE_SECONDS ?? 5);
const callsPerSecond = Number(process.env.AUDIT_OUTAGE_CALLS_PER_SECOND ?? 50);
const schema = "sluice_audit";

let postgres: Postgres;
let place: AuditPlace;
beforeAll(async () => {
  [postgres, place] = await Promise.all([startAuditPostgres(schema), createAuditPlace()]);
});
afterAll(async () => {
  await Promise.all([postgres.remove(), place.remove()]);
});

const noCache = { usedBytes: 0, maxBytes: 0, ...createCounts() };

async function serve(audit: Audit) {
  const metrics = createMetrics();
  metrics.watch({
    places: () => ({ taken: 0, waiting: 0, streams: 0 }),
    breakers: () => [],
    cache: () => noCache,
    audit,
  });
  const calls = auditedPath(audit);
  const front = createMcpFront({ calls, serverInfo: { name: "sluice-test", version: "0" } });
  const adapter = createHttpAdapter({ front, calls, metrics });
  const { url } = await adapter.listen();
  return {
    close: () => adapter.close(),
    async call(name: string, word: string) {
      const { body, headers } = modernRequest("tools/call", { name, arguments: { word } });
      const response = await fetch(`${url}/mcp`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: {
          ...headers,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        },
      });
      expect(await response.text()).toContain(`"said":"${word}"`);
    },
    async metric(name: string): Promise<number> {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(new RegExp(`^sluice_audit_${name}\\S* (\\S+)$`, "m").exec(text)?.[1]);
    },
  };
}

test(
  `${outageSeconds} s without PostgreSQL under ${callsPerSecond} calls a second lose no record`,
  async () => {
    const audit = place.audit({
      settings: { postgresql: { schema, url: postgres.writerUrl }, rotateBytes: 1024 ** 2 },
    });
    const server = await serve(audit);
    const tools = ["test_write_word", "test_read_word"] as const;
    let answered = 0;
    const load = startSteadyLoad(callsPerSecond, async (index) => {
      await server.call(tools[index % 2] ?? tools[0], `w${index}`);
      answered++;
    });
    await wait(1_000);

    await postgres.stop();
    const [stoppedMs, before] = [performance.now(), answered];
    await wait(outageSeconds * 1000 - 200);
    const [records, bytes, oldest] = [
      await server.metric("backlog_records"),
      await server.metric("backlog_bytes"),
      await server.metric("backlog_oldest_seconds"),
    ];
    const during = answered - before;
    // Reads and writes went on, and left one record and two that wait.
    expect(during).toBeGreaterThan(0.8 * outageSeconds * callsPerSecond);
    expect(records).toBeGreaterThan(1.2 * during);
    expect(bytes).toBeGreaterThan(100 * records);
    expect(oldest).toBeGreaterThan(0.8 * outageSeconds);
    const failures = await server.metric("relay_failures_total");
    expect(failures).toBeGreaterThan(0);

    await postgres.start();
    const downMs = performance.now() - stoppedMs;
    const backMs = performance.now();
    // The load goes on meanwhile, so that some record is nearly always on its way: what waits must be younger than the return.
    const isDrained = async () =>
      (await server.metric("backlog_oldest_seconds")) < (performance.now() - backMs) / 1000;
    await expect.poll(isDrained, { timeout: 30_000, interval: 20 }).toBe(true);
    const drainedMs = performance.now() - backMs;
    const tookMs = (await load.stop()).sort((a, b) => a - b);
    await server.close();
    await audit.close();

    const journal = await place.records();
    const rows = await postgres.query<{ sequence: string; line: string }>(
      `SELECT sequence, record::text AS line FROM ${schema}.records ORDER BY chain, sequence`,
    );
    expect(rows.map(({ line }) => JSON.parse(line))).toEqual(journal);
    expect(rows.map(({ sequence }) => Number(sequence))).toEqual(journal.map((_, index) => index + 1));
    // One of each read, two of each write, which began, and of the journal the first and the last.
    const expected = tookMs.length + Math.ceil(tookMs.length / 2) + 2;
    expect(journal).toHaveLength(expected);
    expect(await place.verifyAnchored()).toMatchObject({ problems: [] });
    const p99Ms = tookMs[Math.floor(tookMs.length * 0.99)] ?? Number.NaN;
    const inOrder = journal.filter(
      (record, index) => rows[index] && isDeepStrictEqual(JSON.parse(rows[index].line), record),
    );
    tellFigures({
      "seconds without PostgreSQL": (downMs / 1000).toFixed(1),
      "calls answered": tookMs.length,
      "calls answered while it was away": during,
      "calls a second, asked for": callsPerSecond,
      "99 of 100 calls took at most (ms)": p99Ms.toFixed(0),
      "tries to relay that failed": failures,
      "records that waited at the end of it": records,
      "bytes that waited": bytes,
      "age of the oldest (s)": oldest.toFixed(1),
      "seconds from its return until nothing waited": (drainedMs / 1000).toFixed(1),
      "records expected": expected,
      "records in the journal": journal.length,
      "rows in PostgreSQL": rows.length,
      "rows that are the journal's records, in their order": inOrder.length,
    });
  },
  (outageSeconds + 60) * 1000,
);
