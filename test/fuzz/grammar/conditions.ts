import type { Choices } from "../random.ts";
import type { FuzzTable, Term } from "../schema.ts";

/** A table under the name a statement gives it. */
export interface Source {
  table: FuzzTable;
  alias: string;
}

/** A term of a source as SQL. */
export function sqlOf({ alias }: Source, { sql }: Term): string {
  return sql.replaceAll("@", `${alias}.`);
}

const comparisons = ["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"];

/** A condition over the columns of one source, nested at most `depth` deep. */
export function condition(random: Choices, source: Source, depth: number): string {
  const scalars = source.table.terms.filter(({ kind }) => kind !== "nested");
  if (source.table.terms.length === 0 || random.chance(3))
    return random.of(["1 = 1", "1 = 2", "NULL", "true"]);
  if (depth > 0 && random.chance(40)) {
    const [left, right] = [condition(random, source, depth - 1), condition(random, source, depth - 1)];
    return random.of([
      `(${left} AND ${right})`,
      `(${left} AND ${right})`,
      `(${left} OR ${right})`,
      `NOT (${left})`,
    ]);
  }
  if (scalars.length === 0 || random.chance(8)) {
    return `${sqlOf(source, random.of(source.table.terms))} IS ${random.of(["NULL", "NOT NULL"])}`;
  }
  return simple(random, source, random.of(scalars));
}

function simple(random: Choices, source: Source, term: Term): string {
  const x = sqlOf(source, term);
  if (term.samples.length === 0 || random.chance(8)) return `${x} IS ${random.of(["NULL", "NOT NULL"])}`;
  const literal = () => sampleOf(random, term);
  const any: (() => string)[] = [
    () => `${x} ${random.of(comparisons)} ${literal()}`,
    () => `${x} ${random.of(["=", "=", ">", "<"])} ${literal()}`,
    () => `${x} ${random.of(["BETWEEN", "NOT BETWEEN"])} ${literal()} AND ${literal()}`,
    () =>
      `${x} ${random.of(["IN", "IN", "NOT IN"])} (${Array.from({ length: 1 + random.below(5) }, literal).join(", ")})`,
    () => `coalesce(${x}, ${literal()}) ${random.of(["=", "<>"])} ${literal()}`,
    () => `CASE WHEN ${x} IS NULL THEN false ELSE ${x} <= ${literal()} END`,
    () => `${literal()} ${random.of(["<", ">=", "="])} ${x}`,
  ];
  return random.of([...any, ...ofKind(random, source, term, x)])();
}

function ofKind(random: Choices, source: Source, term: Term, x: string): (() => string)[] {
  const alike = source.table.terms.filter(({ type, sql }) => type === term.type && sql !== term.sql);
  const others =
    alike.length === 0
      ? []
      : [() => `${x} ${random.of(["=", "<", ">="])} ${sqlOf(source, random.of(alike))}`];
  if (term.kind === "text") return [...others, ...onText(random, term, x)];
  if (term.kind === "integer")
    return [
      ...others,
      () => `${x} % ${2 + random.below(5)} = ${random.below(3)}`,
      () => `abs(${x}::HUGEINT) > ${random.below(100)}`,
    ];
  if (term.kind === "float") return [...others, () => `isnan(${x})`, () => `${x} + 1 > ${random.below(100)}`];
  if (term.kind === "decimal") return [...others, () => `${x}::DOUBLE > ${random.below(1000)}`];
  if (term.kind === "boolean") return [...others, () => x, () => `NOT ${x}`];
  if (term.kind === "date" || term.kind === "timestamp")
    return [
      ...others,
      () => `year(${x}) ${random.of(["=", ">", "<>"])} ${random.of([1995, 1996, 2023, 2024])}`,
      () => `month(${x}) = ${1 + random.below(12)}`,
    ];
  return others;
}

function onText(random: Choices, term: Term, x: string): (() => string)[] {
  const inner = () => {
    const sample = random.of(term.samples).slice(1, -1).replaceAll("''", "");
    const start = random.below(Math.max(1, sample.length - 2));
    return [...sample.slice(start, start + 1 + random.below(6))].join("").replaceAll("'", "''");
  };
  const first = () =>
    random
      .of(term.samples)
      .slice(1, 2 + random.below(12))
      .replaceAll("'", "");
  return [
    () => `${x} ${random.of(["LIKE", "NOT LIKE", "ILIKE"])} '${first()}%'`,
    () => `${x} LIKE '%${inner()}%'`,
    () => `starts_with(${x}, '${first()}')`,
    () => `contains(${x}, '${inner()}')`,
    () => `length(${x}) ${random.of([">", "<=", "="])} ${random.below(30)}`,
    () => `lower(${x}) = ${sampleOf(random, term)}`,
    () => `regexp_matches(${x}, '[${random.of(["a-f", "0-4", "A-Z"])}]{2}')`,
    () => `${x} > '${first()}'`,
  ];
}

/** A literal of a value that is there, or one near it. */
export function sampleOf(random: Choices, { samples, kind }: Term): string {
  if (kind === "float" && random.chance(6))
    return random.of(["'nan'::DOUBLE", "'-inf'::DOUBLE", "-0.0::DOUBLE", "0"]);
  if (kind === "text" && random.chance(10))
    return random.of(["''", "'zzz'", "'a common beginning of all texts '", "'MAIM'"]);
  if (kind === "integer" && random.chance(10)) return random.of(["-1", "0", "99999", "100"]);
  return random.of(samples);
}
