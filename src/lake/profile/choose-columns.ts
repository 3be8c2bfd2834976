import { ToolError } from "../../core/errors.ts";
import { closest } from "../../core/suggest.ts";
import { quoteName } from "../location-names.ts";
import type { Column } from "../sql/engine.ts";

/** Which columns are asked for, and which part of them this answer has. */
export interface ColumnPage {
  names: readonly string[];
  first: number;
  count: number;
}

/** The columns named, in the order named; all for none. Throws `invalid_input` for a name there is not. */
export function chooseColumns(all: readonly Column[], names: readonly string[]): Column[] {
  if (names.length === 0) return [...all];
  return names.map((name) => {
    const column = all.find((one) => one.name === name);
    if (column) return column;
    const near = closest(
      name,
      all.map((one) => one.name),
    );
    throw new ToolError(
      "invalid_input",
      `There is no column ${quoteName(name)}${near === undefined ? "" : `; did you mean ${quoteName(near)}?`}`,
    );
  });
}
