import type { PostgresqlSettings } from "../settings.ts";
import { createPostgresqlConnection } from "./postgresql-connection.ts";

/** What is wrong with the schema of the records, in words. */
export interface SchemaFaults {
  /** What keeps the relay from inserting. */
  blocking: string[];
  /** What lets records be changed, or will keep the relay from inserting later. */
  weak: string[];
}

interface Facts {
  /** Null where the table does not exist. */
  insert: boolean | null;
  other: string[];
  is_owner: boolean | null;
  may_make_month: boolean | null;
  has_month: boolean;
  has_trigger: boolean;
}

/** Looks, and inserts nothing. Throws where the database does not answer. */
export async function checkPostgresqlSchema(
  { url, schema }: PostgresqlSettings,
  now: Date,
): Promise<SchemaFaults> {
  const connection = createPostgresqlConnection(url);
  try {
    const client = await connection.get();
    const month = now.toISOString().slice(0, 7).replace("-", "_");
    const names = [`${schema}.records`, `${schema}.ensure_month(date)`, `${schema}.records_${month}`];
    const { rows } = await client.query<Facts>(facts, names);
    return rows[0]
      ? faultsOf(rows[0], schema)
      : { blocking: ["the database answers with nothing"], weak: [] };
  } finally {
    await connection.drop();
  }
}

/** The trigger must hold in replication too: state `A`. */
const facts = `
  WITH t AS (SELECT to_regclass($1) AS records, to_regprocedure($2) AS make_month, to_regclass($3) AS month)
  SELECT
    has_table_privilege(records, 'INSERT') AS insert,
    ARRAY(SELECT p FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p
          WHERE has_table_privilege(records, p) OR has_table_privilege(month, p)) AS other,
    (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = records) AS is_owner,
    has_function_privilege(make_month, 'EXECUTE') AS may_make_month,
    month IS NOT NULL AS has_month,
    EXISTS (SELECT FROM pg_trigger WHERE tgrelid = records AND tgname = 'refuse_change' AND tgenabled = 'A')
      AND (month IS NULL OR EXISTS
        (SELECT FROM pg_trigger WHERE tgrelid = month AND tgname = 'refuse_change' AND tgenabled = 'A')) AS has_trigger
  FROM t`;

function faultsOf(found: Facts, schema: string): SchemaFaults {
  if (found.insert === null) return { blocking: [`${schema}.records does not exist`], weak: [] };
  const blocking = found.insert ? [] : [`this role may not insert into ${schema}.records`];
  if (!found.has_month && !found.may_make_month)
    blocking.push(`this month has no partition, and this role may not make one (${schema}.ensure_month)`);
  const weak = found.other.length > 0 ? [`this role has ${found.other.join(", ")} on the records too`] : [];
  if (found.is_owner) weak.push("this role owns the records, and may take away what guards them");
  if (!found.has_trigger) weak.push("the trigger that refuses changes is missing or off");
  if (found.has_month && !found.may_make_month)
    weak.push(`this role may not make the next month's partition (${schema}.ensure_month)`);
  return { blocking, weak };
}
