import type { Choices } from "../random.ts";
import { type FuzzTable, quoted } from "../schema.ts";
import { condition, type Source } from "./conditions.ts";
import { ctes, joining, subqueries, unions } from "./joined-statements.ts";
import { counting, distinct, faulty, grouping, type Maker, selection, windows } from "./simple-statements.ts";
import type { Question, RowsQuestion, SqlQuestion } from "./statement.ts";

const productions: readonly (readonly [
  weight: number,
  make: (maker: Maker) => Omit<SqlQuestion, "kind" | "tables">,
])[] = [
  [34, selection],
  [18, grouping],
  [7, counting],
  [6, distinct],
  [7, windows],
  [11, joining],
  [9, subqueries],
  [6, ctes],
  [6, unions],
  [3, faulty],
];
const lots = productions.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));

/** A question about some of the tables: one statement, or rows read without one. */
export function question(random: Choices, tables: readonly FuzzTable[]): Question {
  if (random.chance(12)) return rowsQuestion(random, chooseTable(random, tables));
  const used = new Set<string>();
  const maker: Maker = {
    random,
    source(alias, suits = () => true) {
      for (let attempt = 0; attempt < 40; attempt++) {
        const source = { table: chooseTable(random, tables), alias };
        if (suits(source)) return source;
      }
      return { table: chooseTable(random, tables), alias };
    },
    from({ table, alias }) {
      used.add(table.name);
      return random.chance(25) ? `'${table.uri}' ${alias}` : `${quoted(table.name)} ${alias}`;
    },
  };
  const made = random.of(lots)(maker);
  return { kind: "sql", ...made, tables: [...used] };
}

/** Small and strange files are many; the others come more often each. */
function chooseTable(random: Choices, tables: readonly FuzzTable[]): FuzzTable {
  const own = tables.filter(({ name }) => !name.startsWith("golden_"));
  return random.of(random.chance(75) && own.length > 0 ? own : tables);
}

function rowsQuestion(random: Choices, table: FuzzTable): RowsQuestion {
  const columns = table.terms
    .slice(0, table.columnCount)
    .map(({ sql }) => sql.slice(2, -1).replaceAll('""', '"'));
  const source: Source = { table, alias: "dataset" };
  const isWide = table.columnCount > 60;
  return {
    kind: "rows",
    table: table.name,
    columns: isWide || random.chance(60) ? random.some(columns, 1, 4) : [],
    filter: random.chance(50) ? condition(random, source, 1) : undefined,
    maxRows: random.of([1, 20, 100, 500]),
    pages: random.chance(30) ? 1 + random.below(4) : 1,
  };
}
