import type { TableFile } from "../tables/table-snapshot.ts";
import { type AddFile, fileKey } from "./actions.ts";
import { fileStatistics, rowCountOf } from "./file-statistics.ts";

/** What a Delta table's log says of one of its files. */
export function deltaFile(added: AddFile): TableFile {
  const { deletionVector, modificationTime } = added;
  return {
    key: JSON.stringify([fileKey(added), modificationTime]),
    rowCount: () => rowCountOf([added]),
    deletedCount: deletionVector?.cardinality ?? 0,
    statistics: (fields) => fileStatistics(added, fields),
    deletionVector,
  };
}
