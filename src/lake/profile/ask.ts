import type { LakeParts } from "../datasets/with-tables.ts";
import type { LakeScope } from "../scope.ts";
import type { NamedScan, RowPage } from "../sql/engine.ts";

/** Runs one statement of a profile. Its answer is small: one row, or a few per column. `isReadBefore`: as of a PlanRequest. */
export type Ask = (sql: string, isReadBefore?: boolean) => Promise<RowPage>;

/** Rows to look at: what to ask, and what stands in FROM. */
export interface Source {
  ask: Ask;
  from: string;
  /** A look parses text, or draws a sample that no other look draws. Otherwise it costs little more than what is asked. */
  look: "cheap" | "parses" | "draws";
}

export const tableName = "dataset";

const maxAnswerBytes = 16 * 1024 * 1024;
const maxAnswerRows = 100_000;

/** Asks the engine about these tables. */
export function askOf({ engine }: LakeParts, tables: NamedScan[], scope: LakeScope): Ask {
  const bounds = {
    maxRows: maxAnswerRows,
    maxBytes: maxAnswerBytes,
    keepRest: false,
    owner: scope.principalId,
  };
  return (sql, isReadBefore = false) => engine.run({ sql, tables, isReadBefore, ...bounds }, scope);
}
