/** The Hive key in the paths of a call's links. Its value is an index into the scan's partitions. */
export const partitionKey = "_sluice_partition";
