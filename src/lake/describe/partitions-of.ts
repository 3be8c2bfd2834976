import type { Dataset } from "../datasets/dataset.ts";
import type { DatasetDescription } from "../lake.ts";

const sampledValues = 5;

/** The partition columns of a dataset, with how many values each has in its files. */
export function partitionsOf({ files, partitionColumns }: Dataset): DatasetDescription["partitions"] {
  return partitionColumns.map(({ name, type }) => {
    const values = new Set(files.map(({ partition }) => partition[name] ?? "NULL"));
    return { name, type, values: values.size, sample: [...values].slice(0, sampledValues) };
  });
}
