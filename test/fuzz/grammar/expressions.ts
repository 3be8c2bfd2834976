import type { Choices } from "../random.ts";
import type { Term } from "../schema.ts";
import { condition, type Source, sampleOf, sqlOf } from "./conditions.ts";

/** Something to select of one row: a column, a part of one, or a value computed from them. */
export function expression(random: Choices, source: Source): string {
  if (source.table.terms.length === 0) return "1";
  const term = random.of(source.table.terms);
  const x = sqlOf(source, term);
  if (random.chance(60)) return x;
  const forms: (() => string)[] = [
    () => `${x} IS NULL`,
    () => `CASE WHEN ${condition(random, source, 1)} THEN 1 ELSE 0 END`,
    () => `typeof(${x})`,
    ...ofKind(random, term, x),
  ];
  return random.of(forms)();
}

function ofKind(random: Choices, term: Term, x: string): (() => string)[] {
  const { kind, samples } = term;
  if (samples.length === 0 && kind !== "nested") return [];
  if (kind === "text")
    return [
      () => `upper(${x})`,
      () => `left(${x}, 3)`,
      () => `length(${x})`,
      () => `${x} || '!'`,
      () => `md5(${x})`,
    ];
  if (kind === "integer")
    return [
      () => `${x}::HUGEINT + 1`,
      () => `${x} % 7`,
      () => `${x}::VARCHAR`,
      () => `nullif(${x}, ${sampleOf(random, term)})`,
    ];
  if (kind === "float") return [() => `round(${x}, 1)`, () => `${x} * 2`];
  if (kind === "decimal") return [() => `${x}::VARCHAR`, () => `round(${x}, 0)`];
  if (kind === "date") return [() => `year(${x})`, () => `date_trunc('month', ${x})`, () => `${x} + 1`];
  if (kind === "timestamp")
    return [() => `date_trunc('day', ${x})`, () => `epoch_ms(${x})`, () => `${x}::VARCHAR`];
  if (kind === "nested") return [() => `to_json(${x})`, () => `${x} IS NOT NULL`];
  return [() => `${x}::VARCHAR`];
}

/** One value of many rows. Only those whose value does not hang on the order of the rows. */
export function aggregate(random: Choices, source: Source): string {
  const scalars = source.table.terms.filter(({ kind }) => kind !== "nested");
  if (scalars.length === 0 || random.chance(20)) return "count(*)";
  const term = random.of(scalars);
  const x = sqlOf(source, term);
  const forms = [
    () => `count(${x})`,
    () => `count(DISTINCT ${x})`,
    () => `min(${x})`,
    () => `max(${x})`,
    () => `count(*) FILTER (WHERE ${condition(random, source, 1)})`,
    () => `sum(CASE WHEN ${condition(random, source, 1)} THEN 1 ELSE 0 END)`,
  ];
  const exact = [() => `sum(${x})`, () => `avg(${x})`, () => `sum(${x})`];
  if (term.kind === "integer")
    return random.of([...forms, ...exact, () => `bit_xor(${x})`, () => `quantile_disc(${x}, 0.25)`])();
  if (term.kind === "decimal") return random.of([...forms, ...exact])();
  if (term.kind === "boolean") return random.of([...forms, () => `bool_and(${x})`])();
  if (term.kind === "text") return random.of([...forms, () => `max(length(${x}))`])();
  return random.of(forms)();
}

/** A term to group by or to order by. */
export function keyTerm(random: Choices, source: Source): Term | undefined {
  const scalars = source.table.terms.filter(({ kind, samples }) => kind !== "nested" && samples.length > 0);
  return scalars.length === 0 ? undefined : random.of(scalars);
}
