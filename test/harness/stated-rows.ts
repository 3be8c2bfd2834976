import type { createRandom } from "./random.ts";

type Random = ReturnType<typeof createRandom>;

/** A value as SQL writes it, and as a log's statistics have it where it is the least or the greatest of its file. */
export interface StatedValue {
  sql: string;
  /** Where it stands among the values of its column; undefined where writers leave it out of their bounds. */
  order: number | bigint | Buffer | undefined;
  least: string;
  greatest: string;
}

/** A column of a Delta table. `draw`: a value out of a band of them, the higher the greater. */
export interface StatedColumn {
  name: string;
  type: string;
  draw(random: Random, band: number): StatedValue;
}

const same = (sql: string, order: number | bigint, json: string): StatedValue => ({
  sql,
  order,
  least: json,
  greatest: json,
});

/** Columns whose statistics writers round, cut or leave out, each in the way of its type. */
export const statedColumns: readonly StatedColumn[] = [
  { name: "n", type: "integer", draw: (random, band) => integer(BigInt(band * 10 + random(12)), "INTEGER") },
  {
    name: "l",
    type: "long",
    draw: (random, band) => {
      const bases = [BigInt(band), 2n ** 53n - 3n, 2n ** 63n - 20n, -(2n ** 63n)];
      return integer((bases[band % 4] ?? 0n) + BigInt(random(12)), "BIGINT");
    },
  },
  {
    name: "m",
    type: "decimal(20,2)",
    draw: (random, band) => {
      const cents = (band % 3 === 0 ? 10n ** 17n : 0n) + BigInt(band * 100 + random(150));
      const text = `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
      return same(`${text}::DECIMAL(20,2)`, cents, text);
    },
  },
  { name: "x", type: "double", draw: (random, band) => floating(random, band, (value) => value, "DOUBLE") },
  { name: "f", type: "float", draw: (random, band) => floating(random, band, Math.fround, "FLOAT") },
  { name: "s", type: "string", draw: text },
  { name: "d", type: "date", draw: date },
  { name: "t", type: "timestamp", draw: (random, band) => time(random, band, "TIMESTAMPTZ") },
  { name: "u", type: "timestamp_ntz", draw: (random, band) => time(random, band, "TIMESTAMP") },
];

function integer(value: bigint, type: string): StatedValue {
  return same(`'${value}'::${type}`, value, String(value));
}

/** NaN is greater than all numbers here, and in no bounds. */
function floating(random: Random, band: number, round: (value: number) => number, type: string): StatedValue {
  const odd = random(25);
  if (odd === 0) return { sql: `'NaN'::${type}`, order: undefined, least: '"NaN"', greatest: '"NaN"' };
  if (odd === 1) return same(`'-0.0'::${type}`, 0, "-0.0");
  const value = round((band - 4) * 1.3 + random(20) / 10);
  return same(`'${value}'::${type}`, value, shortest(value, round));
}

/** As few digits as tell it from its neighbours of the same precision. */
function shortest(value: number, round: (value: number) => number): string {
  for (let digits = 1; digits < 17; digits++) {
    const text = value.toPrecision(digits);
    if (round(Number(text)) === value) return text;
  }
  return String(value);
}

const starts = ["", "a", "b", "b\u007f", "z", "é", "\ufffd", "\uffff", "😀", "'"];

/** Cut to 32 characters, with a mark behind that is greater than what follows there. */
function text(random: Random, band: number): StatedValue {
  const letters = ["a", "b", "é", "\u007f", "😀", "\uffff"];
  const rest = random(2) === 0 ? random(4) : 28 + random(10);
  const value = [
    ...`${starts[band % starts.length]}${Array.from({ length: rest }, (_, at) => (at < 29 ? "m" : letters[random(letters.length)])).join("")}`,
  ];
  const cut = value.slice(0, 32).join("");
  const mark = (value[32]?.codePointAt(0) ?? 0) < 0x7f ? "\u007f" : "\u{10ffff}";
  const whole = value.join("");
  return {
    sql: `'${whole.replaceAll("'", "''")}'`,
    order: Buffer.from(whole),
    least: JSON.stringify(cut),
    greatest: JSON.stringify(value.length > 32 ? cut + mark : whole),
  };
}

function date(random: Random, band: number): StatedValue {
  const ms = Date.UTC(1880 + band * 15, 0, 1 + random(90));
  const day = new Date(ms).toISOString().slice(0, 10);
  return same(`DATE '${day}'`, ms, JSON.stringify(day));
}

/** Rounded to milliseconds towards 1970, told in a zone where it has one. */
function time(random: Random, band: number, type: "TIMESTAMP" | "TIMESTAMPTZ"): StatedValue {
  const ms = Date.UTC(1895 + band * 12, 0, 1, 0, 0, random(3), random(1_000));
  const micros = BigInt(ms) * 1_000n + BigInt(random(1_000));
  const wholeMs = new Date(ms).toISOString().slice(0, -1);
  const sql = `'${wholeMs}${String(micros - BigInt(ms) * 1_000n).padStart(3, "0")}'::TIMESTAMP`;
  const rounded = Number(micros / 1_000n);
  const zone = random(2) === 0 ? { text: "-08:00", ms: -8 * 3_600_000 } : { text: "Z", ms: 0 };
  const told = type === "TIMESTAMP" ? { text: "", ms: 0 } : zone;
  const json = JSON.stringify(`${new Date(rounded + told.ms).toISOString().slice(0, -1)}${told.text}`);
  return same(type === "TIMESTAMP" ? sql : `(${sql} AT TIME ZONE 'UTC')`, micros, json);
}

/** Rows of one file: a value or `undefined`, which is NULL, for each column. */
export type StatedRow = readonly (StatedValue | undefined)[];

/** The statistics of a file as JSON text, its numbers with all their digits. `nameOf`: columns in the file. */
export function statisticsOf(rows: readonly StatedRow[], nameOf: (name: string) => string): string {
  const all = statedColumns.map(({ name }, at) => {
    const values = rows.flatMap((row) => row[at] ?? []);
    const bounded = values.filter(({ order }) => order !== undefined).sort(byOrder);
    return { key: JSON.stringify(nameOf(name)), nulls: rows.length - values.length, bounded };
  });
  const object = (entry: (one: (typeof all)[number]) => string | undefined) =>
    `{${all.flatMap((one) => (entry(one) === undefined ? [] : `${one.key}:${entry(one)}`)).join(",")}}`;
  return `{"numRecords":${rows.length},"minValues":${object(({ bounded }) => bounded[0]?.least)},"maxValues":${object(({ bounded }) => bounded.at(-1)?.greatest)},"nullCount":${object(({ nulls }) => String(nulls))}}`;
}

function byOrder({ order: a }: StatedValue, { order: b }: StatedValue): number {
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return Buffer.compare(a, b);
  return (a ?? 0) < (b ?? 0) ? -1 : (a ?? 0) > (b ?? 0) ? 1 : 0;
}
