import type { PostgresqlSettings } from "../settings.ts";
import { createPostgresqlConnection } from "./postgresql-connection.ts";

/** What keeps the relay from inserting, in words; `undefined` for nothing. Throws where the database does not answer. */
export async function checkPostgresqlSchema({
  url,
  schema,
}: PostgresqlSettings): Promise<string | undefined> {
  const connection = createPostgresqlConnection(url);
  try {
    const client = await connection.get();
    const { rows } = await client.query<{ may: boolean | null }>(
      "SELECT has_table_privilege(to_regclass($1), 'INSERT') AS may",
      [`${schema}.records`],
    );
    const may = rows[0]?.may;
    if (may === true) return undefined;
    return may === false
      ? `this role may not insert into ${schema}.records`
      : `${schema}.records does not exist`;
  } finally {
    await connection.drop();
  }
}
