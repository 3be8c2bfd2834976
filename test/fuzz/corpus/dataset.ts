import type { Column } from "../../../src/lake/sql/engine.ts";

/** A Parquet file on local disk and the key of its object in bucket `lake`. */
export interface CorpusFile {
  path: string;
  key: string;
}

/** Files that are one table, with what a reader of their names has to find in them. */
export interface CorpusDataset {
  /** Of the table in FROM, a plain word. */
  name: string;
  /** An object, or a folder where there are several. */
  uri: string;
  /** In the order of their keys. */
  files: CorpusFile[];
  partitionColumns: Column[];
  /** By file, in the order of `partitionColumns`. */
  partitions: (string | null)[][];
}

export interface Corpus {
  datasets: CorpusDataset[];
  /** What was not to be had here, by name. */
  skipped: string[];
}

/** A dataset of one object. */
export function oneFile(name: string, path: string): CorpusDataset {
  const key = `${name}.parquet`;
  return { name, uri: `s3://lake/${key}`, files: [{ path, key }], partitionColumns: [], partitions: [[]] };
}

/** A dataset of the files of a folder; `parts` are their paths below it. */
export function folder(
  name: string,
  parts: readonly { path: string; part: string; values?: (string | null)[] }[],
  partitionColumns: Column[] = [],
): CorpusDataset {
  const sorted = [...parts].sort((a, b) => (a.part < b.part ? -1 : 1));
  return {
    name,
    uri: `s3://lake/${name}/`,
    files: sorted.map(({ path, part }) => ({ path, key: `${name}/${part}` })),
    partitionColumns,
    partitions: sorted.map(({ values = [] }) => values),
  };
}
