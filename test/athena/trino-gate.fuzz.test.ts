import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readStatement } from "../../src/lake/athena/trino/statement.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create();
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** mulberry32 */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Statements that Trino and DuckDB both take, and the qualified tables they were made of. */
class Generator {
  readonly tables = new Set<string>();
  private readonly random: () => number;
  private ctes: string[] = [];
  constructor(random: () => number) {
    this.random = random;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T;
  }

  private maybe(text: () => string, chance = 0.5): string {
    return this.random() < chance ? text() : "";
  }

  private space(): string {
    return this.pick([" ", "\n", " /* , x.hidden */ ", " -- FROM x.hidden\n", "\t"]);
  }

  private table(): string {
    const [schema, name] = [this.pick(["s", "sales", "S2"]), `t${Math.floor(this.random() * 50)}`];
    this.tables.add(`${schema}.${name}`.toLowerCase());
    const dot = this.pick([".", " . "]);
    return this.random() < 0.3 ? `"${schema}"${dot}"${name}"` : `${schema}${dot}${name}`;
  }

  private relation(depth: number): string {
    const alias = this.maybe(() => ` ${this.pick(["AS ", ""])}${this.pick(["a1", "b1", '"c d"'])}`);
    const kind = this.random();
    if (this.ctes.length > 0 && kind < 0.2) return `${this.pick(this.ctes)}${alias}`;
    if (depth > 0 && kind < 0.4) return `(${this.query(depth - 1)}) x${Math.floor(this.random() * 99)}`;
    if (depth > 0 && kind < 0.5)
      return `(${this.relation(depth - 1)} JOIN ${this.relation(depth - 1)} ON true)`;
    return `${this.table()}${alias}`;
  }

  private expression(depth: number): string {
    const choices: (() => string)[] = [
      () => this.pick(["x", "a1.x", "1", "'it''s; FROM s.hidden, s.hidden2'", "NULL", "DATE '2024-01-01'"]),
      () => `x IS ${this.maybe(() => "NOT ")}DISTINCT FROM y.z`,
      () => `extract(year FROM a1.day)`,
      () => `trim(BOTH ' ' FROM x)`,
      () => `count(*) FILTER (WHERE x > 1)`,
      () => `sum(x) OVER (PARTITION BY y, z ORDER BY w)`,
    ];
    if (depth > 0) {
      choices.push(
        () => `(${this.query(depth - 1)})`,
        () => `EXISTS (${this.query(depth - 1)})`,
        () => `x IN (${this.query(depth - 1)})`,
        () => `CASE WHEN ${this.expression(depth - 1)} IS NULL THEN ${this.expression(depth - 1)} END`,
        () => `coalesce(${this.expression(depth - 1)}, ${this.expression(depth - 1)})`,
      );
    }
    return this.pick(choices)();
  }

  private list(item: () => string, separator: string): string {
    return Array.from({ length: 1 + Math.floor(this.random() * 3) }, item).join(separator);
  }

  private select(depth: number): string {
    const space = this.space();
    const from = this.list(
      () => this.list(() => this.relation(depth), " CROSS JOIN "),
      `${this.pick(["", " "])},${space}`,
    );
    return [
      `SELECT${space}${this.maybe(() => "DISTINCT ", 0.1)}${this.list(() => this.expression(depth), ", ")}`,
      `FROM${space}${from}`,
      this.maybe(() => `WHERE ${this.expression(depth)} IS NOT NULL`),
      this.maybe(() => "GROUP BY x, y", 0.2),
      this.maybe(() => `HAVING ${this.expression(0)} IS NULL`, 0.1),
    ].join(space);
  }

  query(depth: number): string {
    const outer = this.ctes;
    const name = `c${Math.floor(this.random() * 9)}`;
    const withClause = this.random() < 0.25 ? `WITH ${name} AS (${this.query(Math.max(0, depth - 1))}) ` : "";
    if (withClause !== "") this.ctes = [...outer, name];
    const union = this.maybe(
      () =>
        ` ${this.pick(["UNION ALL", "EXCEPT", "INTERSECT", "UNION"])} ${this.select(Math.max(0, depth - 1))}`,
      0.2,
    );
    const text = `${withClause}${this.select(depth)}${union}${this.maybe(() => " ORDER BY 1, 2", 0.2)}${this.maybe(() => " LIMIT 5", 0.2)}`;
    this.ctes = outer;
    return text;
  }
}

/** Qualified tables by DuckDB's parser; undefined where it does not take the statement. */
async function tablesOfDuckDb(sql: string): Promise<Set<string> | undefined> {
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql]);
  const tree = JSON.parse(String(reader.getRows()[0]?.[0]));
  if (tree.error || tree.statements.length !== 1) return undefined;
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (typeof value === "object" && value !== null) {
      const node = value as Record<string, unknown>;
      if (node.type === "BASE_TABLE" && node.schema_name) {
        const parts = [node.catalog_name, node.schema_name, node.table_name].filter(Boolean);
        found.add(parts.join(".").toLowerCase());
      }
      for (const child of Object.values(node)) visit(child);
    }
  };
  visit(tree);
  return found;
}

function tablesOfGate(sql: string): Set<string> | undefined {
  try {
    return new Set(
      readStatement(sql)
        .relations.filter(({ parts }) => parts.length > 1)
        .map(({ parts }) => parts.join(".")),
    );
  } catch {
    return undefined;
  }
}

test(`random statements have exactly the tables they were made of (seed ${seed})`, async () => {
  const random = randomFrom(seed);
  for (let turn = 0; turn < 1_500; turn++) {
    const generator = new Generator(random);
    const sql = generator.query(3);
    if (sql.length > 50_000) continue;
    expect(tablesOfGate(sql), sql).toEqual(generator.tables);
  }
});

test(`what is cut out of random statements never hides a table that a parser sees (seed ${seed})`, async () => {
  const random = randomFrom(seed + 1);
  let compared = 0;
  for (let turn = 0; turn < 4_000; turn++) {
    const sql = new Generator(random).query(1);
    const words = sql.split(/(?<=[\s(),.])|(?=[(),.])/);
    for (let cuts = 1 + Math.floor(random() * 3); cuts > 0; cuts--) {
      const at = Math.floor(random() * words.length);
      if (random() < 0.5) words.splice(at, 1);
      else words.splice(at, 0, `${words[Math.floor(random() * words.length)]} `);
    }
    const mutated = words.join("");
    const ours = tablesOfGate(mutated);
    if (ours === undefined) continue;
    const theirs = await tablesOfDuckDb(mutated);
    if (theirs === undefined) continue;
    compared++;
    for (const table of theirs) expect([...ours], mutated).toContain(table);
  }
  expect(compared).toBeGreaterThan(300);
});
