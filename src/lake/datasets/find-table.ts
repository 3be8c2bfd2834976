import type { DeltaTables } from "../delta/delta-tables.ts";
import type { FormatHints } from "../formats/format.ts";
import type { FoundIceberg, IcebergTables } from "../iceberg/iceberg-tables.ts";
import { tableFolderOf } from "../iceberg/metadata-name.ts";
import { formatLocation } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import { deltaMoment, momentSaid, type TableMoment } from "../tables/table-moment.ts";
import type { TableRoot } from "../tables/table-root.ts";
import { type Dataset, named, nameOf } from "./dataset.ts";
import { rootAt } from "./table-root-at.ts";

/** Where tables are looked for. */
export interface TableFormats {
  stores: Stores;
  delta: DeltaTables;
  iceberg: IcebergTables;
}

/** A name that may be a table's, and the state of it that is wanted. */
export interface AskedTable {
  uri: string;
  moment: TableMoment;
  hints: FormatHints;
}

/**
 * How to open the table a folder holds; undefined where it holds none. Both formats are looked for at once, but where it
 * was Delta's before: of a folder that has both, as one that is written for readers of either, the Delta table is read.
 */
export async function findTable(
  { stores, delta, iceberg }: TableFormats,
  { uri, moment, hints }: AskedTable,
  scope: LakeScope,
): Promise<(() => Promise<Dataset>) | undefined> {
  momentSaid(moment);
  const root = rootAt(stores, uri);
  const looking = delta.isKnown(root, scope) ? undefined : iceberg.find(root, scope);
  // Its failure counts only where it is waited for.
  looking?.catch(() => {});
  const ofDelta = await delta.find(root, moment, scope);
  if (ofDelta) {
    return async () => {
      deltaMoment(uri, moment);
      return delta.datasetOf(uri, hints, await ofDelta.open());
    };
  }
  const ofIceberg = await (looking ?? iceberg.find(root, scope));
  return ofIceberg && (() => datasetOf(ofIceberg, { uri, moment, hints }, scope));
}

/** The table of an Iceberg metadata file that was named itself; undefined for other files, and for one said to be JSON or text. */
export async function tableOfMetadata(
  { iceberg }: TableFormats,
  asked: AskedTable,
  object: StoredObject,
  scope: LakeScope,
): Promise<Dataset | undefined> {
  const folder = asked.hints.format === undefined ? tableFolderOf(nameOf(object.location)) : undefined;
  if (folder === undefined) return undefined;
  const location = named(object.location, folder);
  const root: TableRoot = { location, uri: formatLocation(location) };
  return datasetOf(iceberg.at(root, object), asked, scope);
}

async function datasetOf(
  found: FoundIceberg,
  { uri, moment, hints }: AskedTable,
  scope: LakeScope,
): Promise<Dataset> {
  const { snapshot, datasetOf, notes } = await found.open(moment, scope);
  const dataset = datasetOf(uri, hints, snapshot);
  return { ...dataset, notes: [...notes, ...dataset.notes] };
}
