import { FieldTypes, type FieldTypesState } from "../sql/scan/field-types.ts";

/** The type that holds the values of all files, by what was seen of a column in each. */
export function joinedType(states: readonly (FieldTypesState | undefined)[]): string {
  const joined = new FieldTypes();
  for (const state of states) if (state) joined.join(state);
  return joined.type();
}
