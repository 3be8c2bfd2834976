import { quoteName } from "../location-names.ts";
import type { TableField } from "../tables/table-field.ts";
import { type AddFile, damagedLog } from "./actions.ts";

/**
 * A key that is not there is no value: writers that leave nulls out of JSON write it so, and Delta Kernel reads it so. Throws
 * `invalid_input` where the value may stand elsewhere: without the map, which is required, or with keys of no partition
 * column in place of a column's. Source: Delta protocol, "Add File and Remove File".
 */
export function checkPartitionValues(files: readonly AddFile[], fields: readonly TableField[], uri: string) {
  if (fields.length === 0) return;
  const known = new Set(fields.flatMap(({ name, physicalName }) => [name, physicalName]));
  for (const { path, partitionValues } of files) {
    if (!partitionValues) throw damagedLog(uri, `the file ${quoteName(path)} has no partitionValues`);
    const strange = Object.keys(partitionValues).find((key) => !known.has(key));
    const missing = fields.find((field) => partitionValueOf(partitionValues, field) === undefined);
    if (strange !== undefined && missing) {
      const what = `the file ${quoteName(path)} has a partition value of ${JSON.stringify(strange)}, which is no partition column, and none of ${JSON.stringify(missing.name)}`;
      throw damagedLog(uri, what);
    }
  }
}

/** A file's value of a partition column, as its text; null for a null, undefined where the column has no key. */
export function partitionValueOf(
  values: AddFile["partitionValues"],
  { name, physicalName }: Pick<TableField, "name" | "physicalName">,
): string | null | undefined {
  // Columns can be called as what every object has is.
  const key = [physicalName, name].find((one) => values && Object.hasOwn(values, one));
  return key === undefined ? undefined : values?.[key];
}
