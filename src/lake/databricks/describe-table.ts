import type { Dataset } from "../datasets/dataset.ts";
import type { DatasetDescription, DatasetRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import { deltaMoment } from "../tables/table-moment.ts";
import type { AllowedNames } from "./allowed.ts";
import type { Catalog } from "./catalog.ts";
import { isFilesFault } from "./files-fault.ts";
import type { TableFiles } from "./table-files.ts";
import { parseTableName } from "./table-name.ts";
import { describeInfo } from "./tables.ts";

export interface DescribeDeps {
  allowed: AllowedNames;
  catalog: Catalog;
  files: TableFiles;
}

type DescribeDataset = (dataset: Dataset, scope: LakeScope) => Promise<DatasetDescription>;

/**
 * What Unity Catalog says of a table, and where its files can be read what its Delta log says: rows, size, history, an
 * earlier version. Throws why the files cannot be read where a version or time is asked for, which only the log knows.
 */
export async function describeTable(
  { allowed, catalog, files }: DescribeDeps,
  { uri, ...request }: DatasetRequest,
  describeDataset: DescribeDataset,
  scope: LakeScope,
): Promise<DatasetDescription> {
  const { version, timestamp } = deltaMoment(uri, request);
  const name = parseTableName(uri);
  allowed.checkTable(name);
  const info = await catalog.table(name, scope.signal);
  const known = describeInfo(name, info);
  try {
    return merged(known, await describeDataset(await files.open(name, info, request, scope), scope));
  } catch (thrown) {
    if (version !== undefined || timestamp !== undefined || !isFilesFault(thrown)) throw thrown;
    return { ...known, notes: [...known.notes, `By Unity Catalog alone: ${thrown.message}`] };
  }
}

/** Columns are those of the version; comments are the catalog's. */
function merged(known: DatasetDescription, files: DatasetDescription): DatasetDescription {
  const comments = new Map(known.columns.map(({ name, comment }) => [name.toLowerCase(), comment]));
  return {
    ...files,
    uri: known.uri,
    columns: files.columns.map((column) => {
      const comment = comments.get(column.name.toLowerCase());
      return { ...column, ...(comment === undefined ? {} : { comment }) };
    }),
    ...(known.table ? { table: known.table } : {}),
    notes: [...known.notes, ...files.notes],
  };
}
