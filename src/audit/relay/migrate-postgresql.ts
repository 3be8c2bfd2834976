import type { Client } from "pg";

export interface MigrateRequest {
  /** Connects as the role that is to own the schema. */
  ownerUrl: string;
  schema: string;
  /** The role that relays records: it may insert, and nothing else. */
  writer: string;
  /** For each statement, locks it waits for included. Default: 60 s. */
  timeoutMs?: number;
}

/** What a migration did: the versions it applied, none when the schema was up to date. */
export interface Migrated {
  applied: number[];
}

/** Makes or renews the schema of the audit records, all of it or nothing. */
export async function migratePostgresql({
  ownerUrl,
  schema,
  writer,
  timeoutMs = 60_000,
}: MigrateRequest): Promise<Migrated> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({
    connectionString: ownerUrl,
    connectionTimeoutMillis: 5_000,
    query_timeout: timeoutMs,
  });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("BEGIN");
    const applied = await applyMissing(client, schema);
    await client.query(grants(schema, pg.escapeIdentifier(writer)));
    await client.query("COMMIT");
    return { applied };
  } finally {
    // What was not committed is undone with the connection.
    await client.end();
  }
}

async function applyMissing(client: Client, schema: string): Promise<number[]> {
  await client.query("SELECT pg_advisory_xact_lock(hashtext('sluice audit migration'))");
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${schema}.migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  const { rows } = await client.query<{ version: number }>(`SELECT version FROM ${schema}.migrations`);
  const applied: number[] = [];
  for (const [index, statements] of migrations(schema).entries()) {
    const version = index + 1;
    if (rows.some((row) => row.version === version)) continue;
    await client.query(statements);
    await client.query(`INSERT INTO ${schema}.migrations (version) VALUES ($1)`, [version]);
    applied.push(version);
  }
  return applied;
}

function grants(schema: string, writer: string): string {
  return `
    REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${writer};
    GRANT USAGE ON SCHEMA ${schema} TO ${writer};
    GRANT INSERT ON ${schema}.records TO ${writer};
    GRANT EXECUTE ON FUNCTION ${schema}.ensure_month(date) TO ${writer};`;
}

/** In their order. One that was shipped is never changed. */
function migrations(schema: string): string[] {
  return [
    `
    CREATE TABLE ${schema}.records (
      chain text NOT NULL,
      sequence bigint NOT NULL,
      time timestamptz NOT NULL,
      kind text NOT NULL,
      call text,
      correlation_id text,
      principal text,
      tenant text,
      tool text,
      effect text,
      result text,
      duration_ms bigint,
      hash text NOT NULL,
      record json NOT NULL,
      received_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (chain, sequence, time)
    ) PARTITION BY RANGE (time);
    CREATE INDEX records_tenant_time ON ${schema}.records (tenant, time);
    CREATE INDEX records_correlation_id ON ${schema}.records (correlation_id);

    CREATE FUNCTION ${schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $refuse$
    BEGIN
      RAISE EXCEPTION 'audit records are never changed: % on % was refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
    END $refuse$;
    ${refusal(schema, "records")}

    CREATE FUNCTION ${schema}.ensure_month(month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $month$
    DECLARE
      first date := date_trunc('month', month::timestamp)::date;
      next date := (first + interval '1 month')::date;
      partition text := 'records_' || to_char(first, 'YYYY_MM');
    BEGIN
      IF first < '2020-01-01' OR first >= '2100-01-01' THEN
        RAISE EXCEPTION 'there are no audit records of %', first;
      END IF;
      PERFORM pg_advisory_xact_lock(hashtext('sluice audit months'));
      IF to_regclass(format('${schema}.%I', partition)) IS NOT NULL THEN
        RETURN;
      END IF;
      EXECUTE format('CREATE TABLE ${schema}.%I PARTITION OF ${schema}.records FOR VALUES FROM (%L) TO (%L)',
        partition, first || ' 00:00:00+00', next || ' 00:00:00+00');
      EXECUTE format($sql$${refusal(schema, "%1$I")}$sql$, partition);
    END $month$;
    REVOKE ALL ON FUNCTION ${schema}.ensure_month(date) FROM PUBLIC;`,
  ];
}

/** Statement triggers are not handed down to partitions: each has its own. They hold in replication too. */
function refusal(schema: string, table: string): string {
  return `
    CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ${schema}.${table}
      FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.refuse_change();
    ALTER TABLE ${schema}.${table} ENABLE ALWAYS TRIGGER refuse_change;`;
}
