import type { Scan } from "./engine.ts";
import type { PartitionValues } from "./protocol.ts";

/** The Hive key in the paths of a call's links. Its value is an index into the scan's partitions. */
export const partitionKey = "_sluice_partition";

/** The Hive key of a partition column by its number, where its values stand in the paths too. */
export function valueKey(column: number): string {
  return `_sluice_value_${column}`;
}

/** Nothing that a path or the engine takes for something else. */
const plainValue = /^(?!null$|__hive)[\w.-]{0,63}[\w-]$/i;
/** Read from a path as they are cast from text. */
const plainTypes = new Set(["VARCHAR", "BIGINT", "DATE"]);
/** Each is a folder of every partition's, which is looked at for every statement. */
const mostFolders = { ofPath: 4, ofScan: 4_000 };

/**
 * The partition columns whose values can all stand in paths: the engine has those at hand, and looks others up row by row.
 * None of tables that say themselves which columns there are.
 */
export function columnsInPaths(scan: Scan, partitions: readonly PartitionValues[]): number[] {
  const { partitionColumns } = scan;
  if ("tableFields" in scan && scan.tableFields) return [];
  const isPlain = (column: number) =>
    plainTypes.has(partitionColumns[column]?.type ?? "") &&
    partitions.every((values) => plainValue.test(values[column] ?? ""));
  const most = Math.min(mostFolders.ofPath, Math.floor(mostFolders.ofScan / Math.max(1, partitions.length)));
  return [...partitionColumns.keys()].filter(isPlain).slice(0, most);
}
