import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openLine } from "../../src/audit/record/record.ts";
import { checkPostgresqlSchema } from "../../src/audit/relay/check-postgresql.ts";
import { migratePostgresql } from "../../src/audit/relay/migrate-postgresql.ts";
import { type AuditPlace, auditedPath, createAuditPlace } from "../harness/audit.ts";
import { call } from "../harness/call-path.ts";
import { type Postgres, startPostgres } from "../harness/postgres.ts";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.remove());

let place: AuditPlace;
beforeEach(async () => {
  place = await createAuditPlace();
});
afterEach(() => place.remove());

/** A schema of its own for each test. */
let schemas = 0;
async function migrated() {
  const schema = `audit_${++schemas}`;
  const writer = "sluice_writer";
  await migratePostgresql({ ownerUrl: postgres.ownerUrl, schema, writer });
  return { schema, url: postgres.writerUrl };
}

/** Every record of the journal is one row, and nothing else is. */
async function expectRelayed(schema: string) {
  const records = await place.records();
  const rows = await postgres.query<{ chain: string; sequence: string; hash: string; line: string }>(
    `SELECT chain, sequence, hash, record::text AS line FROM ${schema}.records ORDER BY chain, sequence`,
  );
  expect(rows.map(({ sequence, hash }) => `${sequence} ${hash}`)).toEqual(
    records.map(({ sequence, hash }) => `${sequence} ${hash}`),
  );
  expect(rows.every(({ line }) => openLine(line) !== undefined)).toBe(true);
  return records.length;
}

test("a migration does not wait for ever for one that hangs", async () => {
  const holder = new pg.Client({ connectionString: postgres.ownerUrl });
  await holder.connect();
  await holder.query("SELECT pg_advisory_lock(hashtext('sluice audit migration'))");
  const request = { ownerUrl: postgres.ownerUrl, schema: "audit_waiting", writer: "sluice_writer" };
  await expect(migratePostgresql({ ...request, timeoutMs: 300 })).rejects.toThrow(/timeout/i);
  await holder.end();
  expect(await migratePostgresql(request)).toEqual({ applied: [1] });
}, 10_000);

test("records come in their order, hostile ones too, and at the end of the process", async () => {
  const postgresql = await migrated();
  const audit = place.audit({ settings: { postgresql } });
  const path = auditedPath(audit);
  for (const word of [
    "a\0b",
    "\ud800",
    "'; DROP TABLE records; --",
    "x".repeat(1e6),
    "\u2028\u001b[2J",
    '{"a",NULL}\\n\n\\',
  ])
    await call(path, "test_write_word", { word });
  await audit.close();
  expect(await expectRelayed(postgresql.schema)).toBe(14);
  const columns = await postgres.query(
    `SELECT kind, principal, tenant, tool, effect, result, call, correlation_id FROM ${postgresql.schema}.records WHERE sequence = 3`,
  );
  expect(columns).toEqual([
    {
      kind: "outcome",
      principal: "local",
      tenant: "default",
      tool: "test_write_word",
      effect: "write",
      result: "ok",
      call: "id-1",
      correlation_id: "id-2",
    },
  ]);
});

test("records that come one by one are gathered, and soon there", async () => {
  const postgresql = await migrated();
  const audit = place.audit({ settings: { postgresql } });
  const path = auditedPath(audit);
  for (let word = 0; word < 50; word++) {
    await call(path, "test_write_word", { word: `w${word}` });
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  const sends = `SELECT count(*)::int AS records, count(DISTINCT received_at)::int AS sends FROM ${postgresql.schema}.records`;
  await expect
    .poll(async () => (await postgres.query(sends))[0], { timeout: 10_000, interval: 50 })
    .toMatchObject({ records: 101 });
  const [{ sends: sendCount } = { sends: 0 }] = await postgres.query<{ sends: number }>(sends);
  expect(sendCount).toBeLessThan(25);
  await audit.close();
  expect(await expectRelayed(postgresql.schema)).toBe(102);
});

test("what a process could not relay, the next one does, of every chain", async () => {
  const postgresql = await migrated();
  const [first, second] = [place.audit({ isServer: false }), place.audit({ isServer: false })];
  await Promise.all([first, second].map((audit) => call(auditedPath(audit), "test_write_word")));
  await Promise.all([first.close(), second.close()]);
  const server = place.audit({ settings: { postgresql } });
  await expect.poll(() => postgres.query(`SELECT 1 FROM ${postgresql.schema}.records`)).toHaveLength(8);
  await server.close();
  await expectRelayed(postgresql.schema);
});

describe("the database", () => {
  test("changes no record, whoever asks, by the table or its partitions", async () => {
    const postgresql = await migrated();
    const audit = place.audit({ settings: { postgresql } });
    await call(auditedPath(audit), "test_write_word");
    await audit.close();
    const { schema } = postgresql;
    const month = `records_${new Date().toISOString().slice(0, 7).replace("-", "_")}`;
    for (const table of [`${schema}.records`, `${schema}.${month}`]) {
      for (const statement of [
        `UPDATE ${table} SET result = 'x'`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
      ]) {
        await expect(postgres.query(statement), statement).rejects.toThrow("never changed");
        await expect(postgres.queryAs(postgres.ownerUrl, statement), statement).rejects.toThrow(
          "never changed",
        );
        await expect(postgres.queryAs(postgres.writerUrl, statement)).rejects.toThrow("permission denied");
        const asReplica = `SET session_replication_role = replica; ${statement}`;
        await expect(postgres.query(asReplica), asReplica).rejects.toThrow("never changed");
      }
    }
    await expect(postgres.queryAs(postgres.writerUrl, `SELECT * FROM ${schema}.records`)).rejects.toThrow(
      "permission denied",
    );
    await expectRelayed(schema);
  });

  test("is set up anew without a change, by its owner alone", async () => {
    const { schema } = await migrated();
    const request = { ownerUrl: postgres.ownerUrl, schema, writer: "sluice_writer" };
    expect(await migratePostgresql(request)).toEqual({ applied: [] });
    await expect(migratePostgresql({ ...request, ownerUrl: postgres.writerUrl })).rejects.toThrow(
      "permission denied",
    );
  });

  test("whose role may do more than insert, or less, is said to be so", async () => {
    const { schema, url } = await migrated();
    const faults = (as = url, now = new Date()) => checkPostgresqlSchema({ schema, url: as }, now);
    expect(await faults()).toEqual({ blocking: [], weak: [] });
    expect((await faults(postgres.ownerUrl)).weak).toEqual([
      "this role has UPDATE, DELETE, TRUNCATE, TRIGGER on the records too",
      "this role owns the records, and may take away what guards them",
    ]);
    await postgres.query(`GRANT DELETE ON ${schema}.records TO sluice_writer`);
    await postgres.query(`ALTER TABLE ${schema}.records DISABLE TRIGGER refuse_change`);
    expect((await faults()).weak).toEqual([
      "this role has DELETE on the records too",
      "the trigger that refuses changes is missing or off",
    ]);
    await postgres.query(`REVOKE ALL ON FUNCTION ${schema}.ensure_month(date) FROM sluice_writer`);
    expect((await faults()).blocking).toEqual([
      `this month has no partition, and this role may not make one (${schema}.ensure_month)`,
    ]);
    await postgres.query(`SELECT ${schema}.ensure_month('2031-05-01')`);
    expect(await faults(url, new Date("2031-05-31T23:59:59Z"))).toMatchObject({
      blocking: [],
      weak: expect.arrayContaining([
        `this role may not make the next month's partition (${schema}.ensure_month)`,
      ]),
    });
    await postgres.query(`REVOKE INSERT ON ${schema}.records FROM sluice_writer`);
    expect((await faults()).blocking[0]).toBe(`this role may not insert into ${schema}.records`);
  });

  test("that is not set up is said to be so, and nothing is lost", async () => {
    const schema = `audit_${++schemas}`;
    const audit = place.audit({ settings: { postgresql: { schema, url: postgres.writerUrl } } });
    await call(auditedPath(audit), "test_write_word");
    await expect.poll(() => place.logged).toEqual(["audit sink fails"]);
    const request = { schema, url: postgres.writerUrl };
    const now = new Date();
    expect(await checkPostgresqlSchema(request, now)).toEqual({
      blocking: [`${schema}.records does not exist`],
      weak: [],
    });
    expect(await audit.backlogs()).toMatchObject([
      { sink: "postgresql", records: 3, bytes: expect.any(Number), failures: expect.any(Number) },
    ]);
    await migratePostgresql({ ownerUrl: postgres.ownerUrl, schema, writer: "sluice_writer" });
    expect(await checkPostgresqlSchema(request, now)).toEqual({ blocking: [], weak: [] });
    await expect.poll(() => audit.backlogs()).toMatchObject([{ sink: "postgresql", records: 0, bytes: 0 }]);
    await audit.close();
    await expectRelayed(schema);
  });
});

test("a database that stops and starts under load loses no record and doubles none", async () => {
  const postgresql = await migrated();
  const audit = place.audit({ settings: { postgresql, rotateBytes: 256 * 1024 } });
  const path = auditedPath(audit);
  let isLoaded = true;
  let calls = 0;
  const load = Promise.all(
    Array.from({ length: 8 }, async () => {
      while (isLoaded) {
        expect(await call(path, "test_write_word", { word: `w${calls++}` })).toMatchObject({
          kind: "completed",
        });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }),
  );
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  for (const downMs of [500, 2_000]) {
    await pause(700);
    await postgres.stop();
    await pause(downMs);
    expect((await audit.backlogs())[0]?.records).toBeGreaterThan(0);
    await postgres.start();
  }
  await pause(500);
  isLoaded = false;
  await load;
  const fromMs = Date.now();
  await expect
    .poll(async () => (await audit.backlogs())[0]?.records, { timeout: 30_000, interval: 50 })
    .toBe(0);
  const drainedMs = Date.now() - fromMs;
  await audit.close();
  const records = await expectRelayed(postgresql.schema);
  expect(records).toBeGreaterThan(2 * calls);
  expect(await place.verifyAnchored()).toMatchObject({ problems: [] });
  console.log(`${calls} calls, ${records} records, backlog drained in ${drainedMs} ms`);
}, 90_000);
