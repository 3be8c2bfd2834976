import type { createRandom } from "./random.ts";

export type Random = ReturnType<typeof createRandom>;

/** A value of a column: as SQL writes it, as a partition has it, and as a bound has it where columns of its kind have any. */
export interface Drawn {
  sql: string;
  avro: unknown;
  bound?: Buffer;
  /** Its place among the values of its column. */
  order?: number | Buffer;
}

/** A plain type of Iceberg's, as DuckDB and Avro have it. */
export interface Kind {
  iceberg: string;
  duck: string;
  avro: unknown;
  /** What columns of it can be promoted to. */
  wider?: string;
  draw(random: Random): Drawn;
}

const words = [
  "",
  "a",
  "null",
  "NULL",
  "it's",
  "Ä😀",
  "__HIVE_DEFAULT_PARTITION__",
  "a/b=c",
  " ",
  "z".repeat(40),
];
const dayMs = 86_400_000;
const micros = (ms: number) => BigInt(ms) * 1_000n;

/** Types by their names in a schema. Values are few, so that conditions meet some of them. */
export const kinds: Readonly<Record<string, Kind>> = Object.fromEntries(
  [
    plain("int", "INTEGER", "int", (random) => int(random(40) - 20), "long"),
    plain("long", "BIGINT", "long", (random) =>
      long(random(4) === 0 ? 2 ** 40 + random(9) : random(40) - 20),
    ),
    plain("float", "FLOAT", "float", (random) => floating(random, "FLOAT"), "double"),
    plain("double", "DOUBLE", "double", (random) => floating(random, "DOUBLE")),
    plain(
      "decimal(9,2)",
      "DECIMAL(9,2)",
      "bytes",
      (random) => decimal(random(4_000) - 2_000),
      "decimal(18,2)",
    ),
    plain("decimal(18,2)", "DECIMAL(18,2)", "bytes", (random) => decimal(random(4_000) - 2_000)),
    plain("boolean", "BOOLEAN", "boolean", (random) => {
      const isTrue = random(2) === 0;
      return { sql: String(isTrue), avro: isTrue };
    }),
    plain("string", "VARCHAR", "string", (random) => text(words[random(words.length)] ?? "")),
    plain("date", "DATE", "int", (random) => date(random(60) - 30)),
    plain("timestamp", "TIMESTAMP", "long", (random) => moment(random, "TIMESTAMP")),
    plain("timestamptz", "TIMESTAMP WITH TIME ZONE", "long", (random) => moment(random, "TIMESTAMPTZ")),
    plain("time", "TIME", "long", (random) => time(random(86_400))),
    plain("uuid", "UUID", { type: "fixed", size: 16, name: "uuid" }, (random) => uuid(random(5))),
    plain("binary", "BLOB", "bytes", (random) => bytes(random(5))),
  ].map((kind) => [kind.iceberg, kind]),
);

function plain(iceberg: string, duck: string, avro: unknown, draw: Kind["draw"], wider?: string): Kind {
  return { iceberg, duck, avro, draw, ...(wider === undefined ? {} : { wider }) };
}

function int(value: number): Drawn {
  const bound = Buffer.alloc(4);
  bound.writeInt32LE(value);
  return { sql: `${value}::INTEGER`, avro: value, bound, order: value };
}

function long(value: number): Drawn {
  const bound = Buffer.alloc(8);
  bound.writeBigInt64LE(BigInt(value));
  return { sql: `${value}::BIGINT`, avro: value, bound, order: value };
}

/** What is no number is in no bounds; as a partition it would be no value that can be compared. */
function floating(random: Random, type: string): Drawn {
  const value = (random(40) - 20) / 4;
  return { sql: random(8) === 0 ? `'nan'::${type}` : `${value}::${type}`, avro: value };
}

function decimal(cents: number): Drawn {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(cents);
  const sign = cents < 0 ? "-" : "";
  const digits = String(Math.abs(cents)).padStart(3, "0");
  return {
    sql: `'${sign}${digits.slice(0, -2)}.${digits.slice(-2)}'`,
    avro: bytes,
    bound: bytes,
    order: cents,
  };
}

function text(value: string): Drawn {
  const bytes = Buffer.from(value);
  return { sql: `'${value.replaceAll("'", "''")}'`, avro: value, bound: bytes, order: bytes };
}

function date(days: number): Drawn {
  const { bound } = int(days);
  const sql = `DATE '${new Date(days * dayMs).toISOString().slice(0, 10)}'`;
  return { sql, avro: days, ...(bound ? { bound } : {}), order: days };
}

function moment(random: Random, type: string): Drawn {
  const ms = (random(60) - 30) * dayMs + random(86_400) * 1_000 + 500;
  const zone = type === "TIMESTAMPTZ" ? "Z" : "";
  const sql = `'${new Date(ms).toISOString().slice(0, 23)}${zone}'::${type}`;
  const bound = Buffer.alloc(8);
  bound.writeBigInt64LE(micros(ms));
  return { sql, avro: Number(micros(ms)), bound, order: ms };
}

function time(seconds: number): Drawn {
  const sql = `TIME '${new Date(seconds * 1_000).toISOString().slice(11, 19)}'`;
  return { sql, avro: seconds * 1_000_000 };
}

function uuid(number: number): Drawn {
  const hex = `0123456789abcdef0123456789abcde${number}`;
  const sql = `'${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")}'::UUID`;
  return { sql, avro: Buffer.from(hex, "hex") };
}

function bytes(number: number): Drawn {
  const hex = ["", "00", "ff00", "41", "27"][number] ?? "";
  return { sql: `from_hex('${hex}')`, avro: Buffer.from(hex, "hex") };
}
