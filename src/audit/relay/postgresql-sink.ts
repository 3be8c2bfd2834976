import type { PostgresqlSettings } from "../settings.ts";
import { createPostgresqlConnection } from "./postgresql-connection.ts";
import type { RelayedRecord, Sink } from "./sink.ts";

/**
 * Inserts records with one statement a batch, and takes the ones that are there already for done. Its role needs to
 * insert and nothing else.
 */
export function createPostgresqlSink({ url, schema }: PostgresqlSettings): Sink {
  const connection = createPostgresqlConnection(url);
  const months = new Set<string>();
  const statement = insertStatement(schema);

  async function insert(records: readonly RelayedRecord[]): Promise<void> {
    const client = await connection.get();
    for (const month of new Set(records.map(monthOf))) {
      if (months.has(month)) continue;
      await client.query(`SELECT ${schema}.ensure_month($1::date)`, [month]);
      months.add(month);
    }
    await client.query(statement, [
      ...columns.map(({ value }) => records.map(value)),
      records.map(({ line }) => line).join("\n"),
    ]);
  }

  return {
    name: "postgresql",
    takesAll: true,
    async send(records) {
      try {
        await insert(records);
      } catch (thrown) {
        // Not waited for: a connection whose other side is gone may take minutes to end.
        void connection.drop();
        throw explained(thrown, schema);
      }
    },
    close: connection.drop,
  };
}

interface Column {
  name: string;
  type: "text" | "bigint" | "timestamptz";
  value(relayed: RelayedRecord): string | number | null;
}

const columns: readonly Column[] = [
  { name: "chain", type: "text", value: ({ record }) => textOf(record.chain) },
  { name: "sequence", type: "bigint", value: ({ record }) => record.sequence },
  { name: "time", type: "timestamptz", value: timeOf },
  ...(
    [
      ["kind", "kind"],
      ["call", "call"],
      ["correlation_id", "correlationId"],
      ["principal", "principal"],
      ["tenant", "tenant"],
      ["tool", "tool"],
      ["effect", "effect"],
      ["result", "result"],
      ["hash", "hash"],
    ] as const
  ).map(([name, field]): Column => ({ name, type: "text", value: ({ record }) => textOf(record[field]) })),
  { name: "duration_ms", type: "bigint", value: ({ record }) => wholeOf(record.durationMs) },
];

/** The lines go as one text: they hold no line break, and as a list each of their quotes would be escaped and read anew. */
function insertStatement(schema: string): string {
  const names = columns.map(({ name }) => name).join(", ");
  const lists = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(", ");
  const lines = `string_to_array($${columns.length + 1}::text, E'\\n')`;
  return `INSERT INTO ${schema}.records (${names}, record) SELECT ${names}, line::json FROM unnest(${lists}, ${lines}) AS given(${names}, line) ON CONFLICT DO NOTHING`;
}

/** What a damaged line says may be no time. It is kept where nobody mistakes it for one. */
function timeOf({ record }: RelayedRecord): string {
  const ms = Date.parse(record.time);
  const year = Number.isNaN(ms) ? 0 : new Date(ms).getUTCFullYear();
  return year >= 2020 && year < 2100 ? new Date(ms).toISOString() : "2020-01-01T00:00:00.000Z";
}

function monthOf(relayed: RelayedRecord): string {
  return `${timeOf(relayed).slice(0, 7)}-01`;
}

/** PostgreSQL's texts have no NUL. The record itself keeps it, escaped. */
function textOf(value: unknown): string | null {
  return typeof value === "string" ? value.replaceAll("\0", "\\0") : null;
}

function wholeOf(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}

/** SQLSTATE of a schema, table or function that is not there. */
const missingCodes = ["3F000", "42P01", "42883"];

function explained(thrown: unknown, schema: string): unknown {
  const isMissing = thrown instanceof Error && "code" in thrown && missingCodes.includes(String(thrown.code));
  if (!isMissing) return thrown;
  return new Error(`The schema ${schema} is not set up: run sluice audit migrate.`, { cause: thrown });
}
