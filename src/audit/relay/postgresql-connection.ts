import type { Client } from "pg";

const connectTimeoutMs = 5_000;
const queryTimeoutMs = 30_000;

/** A connection that is made when it is asked for, and anew after it was lost. */
export interface PostgresqlConnection {
  get(): Promise<Client>;
  drop(): Promise<void>;
}

export function createPostgresqlConnection(url: string): PostgresqlConnection {
  let current: Client | undefined;
  return {
    async get() {
      if (current) return current;
      const { default: pg } = await import("pg");
      const client = new pg.Client({
        connectionString: url,
        connectionTimeoutMillis: connectTimeoutMs,
        query_timeout: queryTimeoutMs,
        keepAlive: true,
        application_name: "sluice-audit",
      });
      const forget = () => {
        if (current === client) current = undefined;
      };
      // Without a listener the loss of an idle connection would end the process.
      client.on("error", forget);
      client.on("end", forget);
      await client.connect();
      current = client;
      return client;
    },
    async drop() {
      const leaving = current;
      current = undefined;
      await leaving?.end().catch(() => {});
    },
  };
}
