import type { Scan } from "./engine.ts";

/** The Hive key in the paths of a call's links. Its value is an index into the scan's partitions. */
export const partitionKey = "_sluice_partition";

/** The Hive key of a partition column by its number, where its values stand in the paths too. */
export function valueKey(column: number): string {
  return `_sluice_value_${column}`;
}

/** Nothing that a path or the engine takes for something else. */
const plainValue = /^(?!null$|__hive)[\w.-]{1,64}$/i;
/** Read from a path as they are cast from text. */
const plainTypes = new Set(["VARCHAR", "BIGINT", "DATE"]);
const mostColumns = 4;

/** The partition columns whose values can all stand in paths: the engine has those at hand, and looks others up row by row. */
export function columnsInPaths({ files, partitionColumns }: Scan): number[] {
  const isPlain = ({ name, type }: (typeof partitionColumns)[number]) =>
    plainTypes.has(type) && files.every(({ partition }) => plainValue.test(partition[name] ?? ""));
  return [...partitionColumns.keys()]
    .filter((column) => isPlain(partitionColumns[column] ?? { name: "", type: "" }))
    .slice(0, mostColumns);
}
