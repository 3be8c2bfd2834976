import type { FormatHints } from "../formats/format.ts";
import { sqlType } from "../tables/table-field.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { refuseTableHints } from "./table-hints.ts";
import { tableVersion } from "./table-version.ts";

/** A table's snapshot as a dataset. Throws `invalid_input` for hints of another format. */
export type TableDataset<S> = (uri: string, hints: FormatHints, snapshot: S) => Dataset;

/** What a format makes of a snapshot: its files, by its log or metadata alone, and what is to be said of them. */
interface ReadFiles {
  files: DataFile[];
  notes: string[];
}

/** Makes of each snapshot one dataset, however often it is asked for. `read` throws `denied` for files outside the table's folder. */
export function createTableDatasets<S extends NonNullable<Dataset["table"]>>(
  read: (snapshot: S) => ReadFiles,
): TableDataset<S> {
  const made = new WeakMap<S, Omit<Dataset, "uri">>();
  return (uri, hints, snapshot) => {
    refuseTableHints(uri, snapshot.format, hints);
    const dataset = made.get(snapshot) ?? datasetOf(snapshot, read(snapshot));
    made.set(snapshot, dataset);
    return { ...dataset, uri };
  };
}

function datasetOf(
  snapshot: NonNullable<Dataset["table"]>,
  { files, notes }: ReadFiles,
): Omit<Dataset, "uri"> {
  return {
    hints: {},
    files,
    partitionColumns: snapshot.partitionFields.map(({ name, type }) => ({ name, type: sqlType(type) })),
    sizeBytes: files.reduce((sum, { object }) => sum + object.sizeBytes, 0),
    version: tableVersion(snapshot, files),
    notes,
    table: snapshot,
  };
}
