import { ToolError } from "../../core/errors.ts";
import { chooseColumns } from "../profile/choose-columns.ts";
import type { RowPage } from "../sql/engine.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";

/** What stands before a filter where it is parsed alone, on one line with its beginning. */
export const beforeFilter = "SELECT 1 WHERE (";

/**
 * Tells a fault of the statement that was made of `columns` and `filter` in the words of these two: the caller
 * never saw the statement. `columnsOf` answers with the columns there are.
 */
export async function inCallersWords<T>(
  asked: { columns: readonly string[]; filter: string | undefined },
  columnsOf: () => Promise<RowPage["columns"]>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOfStatement = error instanceof ToolError && error.code === "invalid_input";
    // What is wrong with a file is so whatever was asked of it.
    if (!isOfStatement || error.details.uri !== undefined) throw error;
    if (asked.columns.length > 0) checkColumns(await columnsOf(), asked.columns);
    throw asked.filter === undefined ? error : filterFault(error, asked.filter);
  }
}

/** The same fault, with the filter in place of the statement around it, and places counted in the filter. */
export function filterFault(error: ToolError, filter: string): ToolError {
  const said = error.message
    .replace(/\nnear: [\s\S]*$/, "")
    .replace("The statement has a syntax error", "it has a syntax error")
    .replace("The statement uses", "it uses")
    .replace(/\(line 1, column (\d+)\)/, (_, column) => `(line 1, column ${column - beforeFilter.length})`);
  const shown = filter.length > 200 ? `${filter.slice(0, 200)}…` : filter;
  return new ToolError(error.code, `The filter cannot be used: ${said}\nfilter: ${shown}`, {
    cause: error,
    details: error.details,
  });
}

/** The engine does not tell the case of names, so neither is a name refused for it. */
function checkColumns(all: RowPage["columns"], names: readonly string[]): void {
  const known = new Set(all.map(({ name }) => foldName(name)));
  chooseColumns(all, names.filter((name) => !known.has(foldName(name))).slice(0, 1));
}
