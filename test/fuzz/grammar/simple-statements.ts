import type { Choices } from "../random.ts";
import { condition, type Source, sqlOf } from "./conditions.ts";
import { aggregate, expression, keyTerm } from "./expressions.ts";
import type { SqlQuestion } from "./statement.ts";

/** What a statement is made with: the tables, and how one of them is written in FROM. */
export interface Maker {
  random: Choices;
  source(alias: string, suits?: (source: Source) => boolean): Source;
  from(source: Source): string;
}

type Unnamed = Omit<SqlQuestion, "kind" | "tables">;

/** Rows of more cells are looked at through a LIMIT. */
const maxCells = 60_000;

/** `SELECT list FROM t [WHERE …] [ORDER BY …] [LIMIT …]`. */
export function selection(maker: Maker): Unnamed {
  const { random } = maker;
  const source = maker.source("t");
  const list = selectList(random, source);
  const sql = `SELECT ${list.join(", ")} FROM ${maker.from(source)}${where(random, source, 75)}`;
  const width = list[0] === "*" ? source.table.columnCount : list.length;
  if (random.chance(35)) return topRows(random, source, sql, list);
  const isSmall = source.table.rows * width <= maxCells;
  return isSmall && random.chance(50) ? { sql, orderedBy: [] } : someRows(random, source, sql);
}

/** LIMIT without an order: any rows will do, if there are as many as there should be. */
export function someRows(random: Choices, source: Source, sql: string): Unnamed {
  const limit = random.of([0, 1, 5, 20, 200, 2_100]);
  const offset = random.chance(30) ? random.below(source.table.rows + 10) : 0;
  return {
    sql: `${sql} LIMIT ${limit}${offset > 0 ? ` OFFSET ${offset}` : ""}`,
    orderedBy: [],
    cut: { wholeSql: sql, limit, offset },
  };
}

/** ORDER BY with LIMIT. The keys are selected first, so that the answer shows whether they are in order. */
function topRows(random: Choices, source: Source, sql: string, list: readonly string[]): Unnamed {
  const key = keyTerm(random, source);
  if (!key) return someRows(random, source, sql);
  const second = random.chance(40) ? keyTerm(random, source) : undefined;
  const keys = [key, ...(second ? [second] : [])];
  const order = keys.map(
    (one) => `${sqlOf(source, one)} ${random.of(["", "ASC", "DESC", "DESC NULLS LAST", "NULLS FIRST"])}`,
  );
  const selected = [...keys.map((one, at) => `${sqlOf(source, one)} AS key${at}`), ...list];
  const wholeSql = sql.replace(/^SELECT .*? FROM (?=['"])/s, () => `SELECT ${selected.join(", ")} FROM `);
  if (wholeSql === sql) return someRows(random, source, sql);
  const limit = random.of([1, 3, 10, 100]);
  const offset = random.chance(25) ? random.below(50) : 0;
  return {
    sql: `${wholeSql} ORDER BY ${order.join(", ")} LIMIT ${limit}${offset > 0 ? ` OFFSET ${offset}` : ""}`,
    orderedBy: keys.map((_, at) => at),
    cut: { wholeSql, limit, offset },
  };
}

export function selectList(random: Choices, source: Source): string[] {
  const { columnCount, terms } = source.table;
  if (columnCount === 0 || (columnCount < 60 && random.chance(25))) return ["*"];
  const count = random.chance(15) ? 12 : 5;
  const columns = random.some(terms, 1, count).map((term) => sqlOf(source, term));
  return random.chance(60) ? columns : [...columns, expression(random, source)];
}

export function where(random: Choices, source: Source, percent: number): string {
  return random.chance(percent) ? ` WHERE ${condition(random, source, 2)}` : "";
}

/** Aggregates over all rows, or groups with HAVING, ROLLUP and an order. */
export function grouping(maker: Maker): Unnamed {
  const { random } = maker;
  const source = maker.source("t");
  const values = Array.from({ length: 1 + random.below(4) }, () => aggregate(random, source));
  const from = `FROM ${maker.from(source)}${where(random, source, 60)}`;
  const key = keyTerm(random, source);
  if (!key || random.chance(35)) return { sql: `SELECT ${values.join(", ")} ${from}`, orderedBy: [] };
  const second = random.chance(40) ? keyTerm(random, source) : undefined;
  const keys = [key, ...(second && second.sql !== key.sql ? [second] : [])].map((one) => sqlOf(source, one));
  const having = random.chance(25) ? ` HAVING count(*) > ${random.below(30)}` : "";
  const by = random.of([
    keys.join(", "),
    keys.join(", "),
    `ROLLUP (${keys.join(", ")})`,
    `CUBE (${keys.join(", ")})`,
  ]);
  const sql = `SELECT ${[...keys, ...values].join(", ")} ${from} GROUP BY ${by}${having}`;
  if (!random.chance(40)) return { sql, orderedBy: [] };
  const order = ` ORDER BY ${keys.map((_, at) => `${at + 1} ${random.of(["", "DESC"])} NULLS LAST`).join(", ")}`;
  const limit = random.of([1, 5, 50]);
  return {
    sql: `${sql}${order} LIMIT ${limit}`,
    orderedBy: keys.map((_, at) => at),
    cut: { wholeSql: sql, limit, offset: 0 },
  };
}

/** How many rows there are, which needs no column at all. */
export function counting(maker: Maker): Unnamed {
  const { random } = maker;
  const source = maker.source("t");
  return { sql: `SELECT count(*) FROM ${maker.from(source)}${where(random, source, 50)}`, orderedBy: [] };
}

export function distinct(maker: Maker): Unnamed {
  const { random } = maker;
  const source = maker.source("t", ({ table }) => table.rows < 8_000);
  const terms = random.some(
    source.table.terms.filter(({ kind }) => kind !== "nested"),
    1,
    2,
  );
  const list = terms.map((term) => sqlOf(source, term)).join(", ") || "1";
  return {
    sql: `SELECT DISTINCT ${list} FROM ${maker.from(source)}${where(random, source, 40)}`,
    orderedBy: [],
  };
}

/** Window functions whose values do not hang on the order of rows that are alike. */
export function windows(maker: Maker): Unnamed {
  const { random } = maker;
  const source = maker.source("t", ({ table }) => table.uniqueColumn !== undefined && table.rows < 7_000);
  const { uniqueColumn } = source.table;
  if (uniqueColumn === undefined) return counting(maker);
  const id = `${source.alias}."${uniqueColumn}"`;
  const key = keyTerm(random, source);
  const k = key ? sqlOf(source, key) : id;
  const over = random.of([
    `PARTITION BY ${k}`,
    `ORDER BY ${k}`,
    `ORDER BY ${id} DESC`,
    `PARTITION BY ${k} ORDER BY ${id}`,
  ]);
  const call = random.of(["count(*)", `count(${k})`, `max(${id})`, "rank()", "dense_rank()", `sum(${id})`]);
  const lagged = `lag(${k}) OVER (ORDER BY ${id})`;
  const numbered = `row_number() OVER (PARTITION BY ${k} ORDER BY ${id})`;
  const sql = `SELECT ${id}, ${random.of([`${call} OVER (${over})`, lagged, numbered])} AS w FROM ${maker.from(source)}${where(random, source, 50)}`;
  return { sql: random.chance(40) ? `${sql} QUALIFY ${numbered} <= 2` : sql, orderedBy: [] };
}

/** Statements that cannot be run, or that stop at a value. */
export function faulty(maker: Maker): Unnamed {
  const { random } = maker;
  const source = maker.source("t");
  const from = `FROM ${maker.from(source)}`;
  const text = source.table.terms.find(({ kind }) => kind === "text");
  const forms = [
    `SELECT no_such_column ${from}`,
    `SELECT count(*) ${from} WHERE ${source.alias}.no_such_column = 1`,
    `SELECT sum('x') ${from} GROUP BY nothing_of_that_name`,
    `SELECT *, 1 = DATE 'tomorrow' ${from}`,
    ...(text
      ? [
          `SELECT max(CAST(${sqlOf(source, text)} AS INTEGER)) ${from}`,
          `SELECT max(TRY_CAST(${sqlOf(source, text)} AS INTEGER)) ${from}`,
        ]
      : []),
  ];
  return { sql: random.of(forms), orderedBy: [] };
}
