import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuditPlace, auditedPath, createAuditPlace } from "../harness/audit.ts";
import { call } from "../harness/call-path.ts";
import { type Postgres, startAuditPostgres } from "../harness/postgres.ts";
import { startSteadyLoad } from "../harness/steady-load.ts";

const schema = "sluice_audit";
let postgres: Postgres;
let place: AuditPlace;
beforeAll(async () => {
  [postgres, place] = await Promise.all([startAuditPostgres(schema), createAuditPlace()]);
});
afterAll(() => Promise.all([postgres.remove(), place.remove()]));

/** Takes every connection that roles without privileges can get, until the server has none left. */
async function takeAll(): Promise<pg.Client[]> {
  const taken: pg.Client[] = [];
  for (;;) {
    const client = new pg.Client({ connectionString: postgres.writerUrl, application_name: "greedy" });
    client.on("error", () => {});
    try {
      await client.connect();
    } catch (error) {
      expect(error).toMatchObject({ code: "53300" });
      return taken;
    }
    taken.push(client);
  }
}

const relayConnections = async () =>
  (
    await postgres.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'sluice-audit'",
    )
  ).map(({ pid }) => pid);

test("a database with no connection left loses no record, holds up no call, and gets the rest when it has one", async () => {
  const audit = place.audit({ settings: { postgresql: { schema, url: postgres.writerUrl } } });
  const path = auditedPath(audit);
  let answered = 0;
  const load = startSteadyLoad(50, async (index) => {
    const tool = index % 2 === 0 ? "test_read_word" : "test_write_word";
    expect(await call(path, tool, { word: `w${index}` })).toMatchObject({ kind: "completed" });
    answered++;
  });
  await expect.poll(async () => (await relayConnections()).length).toBe(1);

  // What is connected is taken away, and every place given to others before it is back.
  const taken = await takeAll();
  // Its place may be its own again before it is another's.
  for (let pids = await relayConnections(); pids.length > 0; pids = await relayConnections()) {
    await postgres.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice-audit'",
    );
    const isThere = async () => (await relayConnections()).some((pid) => pids.includes(pid));
    await expect.poll(isThere, { interval: 5 }).toBe(false);
    taken.push(...(await takeAll()));
  }
  const failuresBefore = (await audit.backlogs())[0]?.failures ?? 0;
  const answeredBefore = answered;
  await sleep(5_000);
  const during = answered - answeredBefore;
  const [backlog] = await audit.backlogs();
  expect(taken.length).toBeGreaterThan(50);
  expect(await relayConnections()).toEqual([]);
  expect(backlog?.failures).toBeGreaterThan(failuresBefore + 2);
  expect(during).toBeGreaterThan(0.8 * 5 * 50);
  expect(backlog?.records).toBeGreaterThan(during);

  await Promise.all(taken.map((client) => client.end()));
  const tookMs = (await load.stop()).sort((a, b) => a - b);
  const backMs = performance.now();
  await expect
    .poll(async () => (await audit.backlogs())[0]?.records, { timeout: 30_000, interval: 50 })
    .toBe(0);
  const drainedMs = performance.now() - backMs;
  // However often it was tried: one connection, and none when it is over.
  expect(await relayConnections()).toHaveLength(1);
  await audit.close();
  await expect.poll(relayConnections).toEqual([]);

  const journal = await place.records();
  const rows = await postgres.query<{ line: string }>(
    `SELECT record::text AS line FROM ${schema}.records ORDER BY chain, sequence`,
  );
  expect(rows.map(({ line }) => JSON.parse(line))).toEqual(journal);
  expect(journal).toHaveLength(tookMs.length + Math.floor(tookMs.length / 2) + 2);
  expect(await place.verifyAnchored()).toMatchObject({ problems: [] });
  console.log(
    `${taken.length} connections taken, ${during} calls meanwhile, backlog ${backlog?.records} records, drained in ${drainedMs.toFixed(0)} ms; ${rows.length} rows = ${journal.length} records`,
  );
}, 90_000);
