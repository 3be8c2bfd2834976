import { expect, test } from "vitest";
import { ToolError } from "../../../core/errors.ts";
import { createAllowedNames } from "../allowed.ts";
import { isDatabricksName, parseTableName } from "../table-name.ts";
import { gateStatement } from "./statement.ts";

/** A generator that gives the same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const allowed = createAllowedNames([["main", "sales"]]);
function resolve(name: string) {
  if (!isDatabricksName(name)) throw new ToolError("invalid_input", "no table");
  const table = parseTableName(name);
  allowed.checkTable(table);
  return table;
}

const pieces =
  `SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT JOIN LEFT ON USING UNION ALL EXCEPT WITH AS VALUES TABLE LATERAL
VIEW explode DISTINCT IS NOT IN EXISTS CASE WHEN THEN END FILTER OVER extract trim YEAR INTERVAL PIVOT FOR WINDOW OFFSET
main.hr.salaries main.sales.orders 'databricks://main.sales.orders' 'databricks://main.hr.salaries' a b c.d \`x\` \`FROM\`
hr.salaries 'text' 'it''s' '\\'' '\\\\' "d" 1 2.5 ( ) ( ) , , . * + - / = <=> -> :: : [ ] ; -- /* */ /*+ |> INSERT INTO MAP TRANSFORM
reflect( count( max( sum( IDENTIFIER( read_files( current_user user STREAM( QUALIFY ROW RANGE date \n`
    .split(/[ \n]+/)
    .concat("\n");

const starts = [
  "SELECT a, max(b) FROM main.sales.orders o WHERE c IN (SELECT x FROM main.sales.z) GROUP BY a",
  "WITH t AS (SELECT * FROM 'databricks://main.sales.orders') SELECT * FROM t LEFT JOIN main.sales.z USING (id)",
  "SELECT extract(YEAR FROM d), trim(BOTH 'x' FROM e) FROM main.sales.orders ORDER BY 1 LIMIT 5",
  "SELECT * EXCEPT (a) FROM main.sales.orders LATERAL VIEW explode(xs) t AS k",
];

/** Words of what was written, read by the plainest rule there is: quotes of both kinds, and what is between. */
function wordsOf(sql: string): string[] {
  return (
    sql
      .match(/'(?:\\[\s\S]|[^'\\])*'|`(?:[^`]|``)*`|[A-Za-z_]\w*|\s+|[\s\S]/g)
      ?.filter((word) => word.trim() !== "") ?? []
  );
}

/** What follows FROM, JOIN and the commas of FROM: a parenthesis, a generator, an allowed table, or one name alone. */
function wrongTables(words: readonly string[]): string[] {
  const starts = words.flatMap((word, at) => {
    if (/^join$/i.test(word)) return [at];
    return /^from$/i.test(word) && !isArgument(words, at) ? [at, ...commasOf(words, at)] : [];
  });
  return starts.flatMap((at) => {
    const next = words[/^lateral$/i.test(words[at + 1] ?? "") ? at + 2 : at + 1] ?? "";
    if (next === "(" || /^[a-z_]+$/i.test(next)) return [];
    const full = words.slice(at + 1, at + 6).join("");
    return words[at + 2] === "." && !/^`main`\.`sales`\.`\w+`$/.test(full) ? [full] : [];
  });
}

/** Where the commas of the FROM at `from` are, up to the next clause of its query. */
function commasOf(words: readonly string[], from: number): number[] {
  const commas: number[] = [];
  let depth = 0;
  for (let at = from + 1; at < words.length && depth >= 0; at++) {
    const word = words[at] ?? "";
    if (word === "(" || word === "[") depth++;
    else if (word === ")" || word === "]") depth--;
    else if (depth > 0) continue;
    else if (word === ",") commas.push(at);
    else if (
      /^(where|group|having|qualify|window|order|limit|offset|union|intersect|except|minus|view)$/i.test(word)
    )
      break;
  }
  return commas;
}

/** FROM of `extract(day FROM x)`: inside parentheses that do not begin a query. */
function isArgument(words: readonly string[], at: number): boolean {
  let depth = 0;
  for (let index = at - 1; index >= 0; index--) {
    if (words[index] === ")") depth++;
    else if (words[index] === "(" && depth-- === 0)
      return !/^(select|with|values|\()$/i.test(words[index + 1] ?? "");
  }
  return false;
}

test("whatever passes names allowed tables only, has known words only, and reads the same again", () => {
  const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1_000_000);
  console.log(`statement fuzz: SLUICE_FUZZ_SEED=${seed}`);
  const random = randomOf(seed);
  const pick = <T>(from: readonly T[]) => from[random(from.length)] as T;
  let passed = 0;
  for (let round = 0; round < 20_000; round++) {
    const parts = pick(starts).split(/(?<=[ (),])|(?=[(),])/);
    for (let changes = 1 + random(4); changes > 0; changes--) {
      parts.splice(
        random(parts.length + 1),
        random(2),
        `${pick(["", " "])}${pick(pieces)}${pick(["", " "])}`,
      );
    }
    const sql = parts.join("");
    let written: string;
    try {
      written = gateStatement(sql, resolve).sql;
    } catch (thrown) {
      if (thrown instanceof ToolError) continue;
      throw new Error(`${JSON.stringify(sql)} is no refusal but a failure`, { cause: thrown });
    }
    passed++;
    const words = wordsOf(written);
    expect(wrongTables(words), sql).toEqual([]);
    expect(words.join(" "), sql).not.toMatch(
      /(^| )(insert|into|table|reflect|read_files|identifier|stream|current_user|;|"|--|\/\*)( |$)/i,
    );
    expect(gateStatement(written, resolve).sql, sql).toBe(written);
  }
  expect(passed).toBeGreaterThan(1_000);
});
