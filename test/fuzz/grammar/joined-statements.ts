import type { Term } from "../schema.ts";
import { condition, type Source, sqlOf } from "./conditions.ts";
import { aggregate, keyTerm } from "./expressions.ts";
import { grouping, type Maker, selectList, where } from "./simple-statements.ts";
import type { SqlQuestion } from "./statement.ts";

type Unnamed = Omit<SqlQuestion, "kind" | "tables">;

/** Tables whose products stay small enough to be counted. */
const isSmall = ({ table }: Source) =>
  table.rows <= 6_500 && table.terms.length > 0 && table.columnCount < 60;

interface Pair {
  left: Source;
  right: Source;
  on: string;
}

/** Two tables with terms of one kind to join on, which tell rows apart. */
function pair(maker: Maker): Pair | undefined {
  const { random } = maker;
  const left = maker.source("a", isSmall);
  const right = random.chance(25) ? { ...left, alias: "b" } : maker.source("b", isSmall);
  const wide = ({ kind, samples }: Term) => kind !== "nested" && kind !== "boolean" && samples.length >= 8;
  const joins = left.table.terms
    .filter(wide)
    .flatMap((one) =>
      right.table.terms
        .filter(
          (two) => wide(two) && two.kind === one.kind && (one.kind === "integer" || one.type === two.type),
        )
        .map((two) => [one, two] as const),
    );
  if (joins.length === 0) return undefined;
  const [one, two] = random.of(joins);
  return { left, right, on: `${sqlOf(left, one)} = ${sqlOf(right, two)}` };
}

/** Joins of every kind, counted and summed up: their rows may be many. */
export function joining(maker: Maker): Unnamed {
  const { random } = maker;
  const found = pair(maker);
  if (!found) return grouping(maker);
  const { left, right, on } = found;
  const kind = random.of(["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN"]);
  const sides = kind === "SEMI JOIN" || kind === "ANTI JOIN" ? [left] : [left, right];
  const more = random.chance(30) ? ` AND ${condition(random, right, 1)}` : "";
  const from = `FROM ${maker.from(left)} ${kind} ${maker.from(right)} ON ${on}${more}`;
  const filter = random.chance(70)
    ? ` WHERE ${sides.map((side) => condition(random, side, 1)).join(random.of([" AND ", " OR "]))}`
    : "";
  const values = Array.from({ length: 1 + random.below(3) }, () => aggregate(random, random.of(sides)));
  const key = random.chance(35) ? keyTerm(random, left) : undefined;
  if (!key) return { sql: `SELECT count(*), ${values.join(", ")} ${from}${filter}`, orderedBy: [] };
  const k = sqlOf(left, key);
  return { sql: `SELECT ${k}, count(*), ${values.join(", ")} ${from}${filter} GROUP BY ${k}`, orderedBy: [] };
}

/** Subqueries in WHERE and in the list, of which some look at the row around them. */
export function subqueries(maker: Maker): Unnamed {
  const { random } = maker;
  const found = pair(maker);
  if (!found) return grouping(maker);
  const { left, right, on } = found;
  const [outer = "", inner = ""] = on.split(" = ");
  const inside = `FROM ${maker.from(right)}`;
  const filter = condition(random, right, 1);
  const counted = `SELECT count(*), ${aggregate(random, left)} FROM ${maker.from(left)} WHERE`;
  const forms = [
    `${counted} ${outer} IN (SELECT ${inner} ${inside} WHERE ${filter})`,
    `${counted} ${outer} NOT IN (SELECT ${inner} ${inside} WHERE ${filter} AND ${inner} IS NOT NULL)`,
    `${counted} EXISTS (SELECT 1 ${inside} WHERE ${on} AND ${filter})`,
    `${counted} NOT EXISTS (SELECT 1 ${inside} WHERE ${on}) AND ${condition(random, left, 1)}`,
    `${counted} ${outer} >= (SELECT min(${inner}) ${inside} WHERE ${filter})`,
    `SELECT ${outer}, (SELECT count(*) ${inside} WHERE ${on}) AS n FROM ${maker.from(left)}${where(random, left, 80)}`,
    `SELECT count(*) FROM (SELECT ${selectList(random, left).join(", ")} FROM ${maker.from(left)}${where(random, left, 80)}) sub`,
  ];
  return { sql: random.of(forms), orderedBy: [] };
}

/** A CTE that is used twice, materialized or not, under other conditions each time. */
export function ctes(maker: Maker): Unnamed {
  const { random } = maker;
  const source = maker.source("t", isSmall);
  const key = keyTerm(random, source);
  if (!key) return grouping(maker);
  const k = sqlOf(source, key);
  const form = random.of(["", "MATERIALIZED ", "NOT MATERIALIZED "]);
  const values = `${aggregate(random, source)} AS v, count(*) AS n`;
  const cte = `WITH c AS ${form}(SELECT ${k} AS k, ${values} FROM ${maker.from(source)}${where(random, source, 60)} GROUP BY 1)`;
  const forms = [
    `${cte} SELECT x.k, x.v, y.n FROM c x JOIN c y ON x.k = y.k WHERE x.n > ${random.below(5)}`,
    `${cte} SELECT k, v FROM c WHERE n = (SELECT max(n) FROM c)`,
    `${cte} SELECT count(*), max(n) FROM (SELECT * FROM c UNION ALL SELECT * FROM c WHERE n > 1) u`,
    `WITH c AS ${form}(SELECT * FROM ${maker.from(source)}${where(random, source, 80)}), d AS (SELECT count(*) AS n FROM c) SELECT d.n, count(t.*) FROM d, c t GROUP BY 1`,
  ];
  return { sql: random.of(forms), orderedBy: [] };
}

/** Set operations over one table or two. */
export function unions(maker: Maker): Unnamed {
  const { random } = maker;
  const left = maker.source("t", isSmall);
  const key = keyTerm(random, left);
  if (!key) return grouping(maker);
  const right = alike(maker, left, key);
  const word = random.of(["UNION ALL", "UNION", "INTERSECT", "EXCEPT", "UNION ALL BY NAME"]);
  const one = `SELECT ${sqlOf(left, key)} AS v FROM ${maker.from(left)}${where(random, left, 90)}`;
  const two = `SELECT ${sqlOf(right.source, right.term)} AS v FROM ${maker.from(right.source)}${where(random, right.source, 90)}`;
  const sql = `${one} ${word} ${two}`;
  return {
    sql: random.chance(50) ? sql : `SELECT count(*), count(DISTINCT v) FROM (${sql}) u`,
    orderedBy: [],
  };
}

/** Another table with a term of the type, or else the same one again. */
function alike(maker: Maker, left: Source, key: Term): { source: Source; term: Term } {
  for (let attempt = 0; attempt < 10; attempt++) {
    const source = maker.source("u", isSmall);
    const terms = source.table.terms.filter(({ type }) => type === key.type);
    if (terms.length > 0) return { source, term: maker.random.of(terms) };
  }
  return { source: { ...left, alias: "u" }, term: key };
}
