import { listMetadata } from "../iceberg/find-metadata.ts";
import type { Location } from "../location.ts";
import { formatLocation } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { Stores } from "../stores/store.ts";
import { unlessHidden } from "../tables/unless-hidden.ts";
import { named, nameOf } from "./dataset.ts";
import { insideTable, isDataFile, withoutPartitions } from "./table-root-at.ts";

const dataFolder = "data/";

/**
 * Writers of Iceberg put files into `data`, beside `metadata`. Which of them count, and which of their rows, only the
 * metadata tells. Throws `unsupported` for a folder or file there.
 */
export async function refuseInsideIceberg(
  stores: Stores,
  uri: string,
  location: Location,
  scope: LakeScope,
): Promise<void> {
  const name = nameOf(location);
  const folder = withoutPartitions(name.slice(0, name.lastIndexOf("/") + 1));
  if (!`/${folder}`.endsWith(`/${dataFolder}`)) return;
  const root = named(location, folder.slice(0, -dataFolder.length));
  const found = await unlessHidden(
    listMetadata(stores, { location: root, uri: formatLocation(root) }, scope),
  );
  if (found) throw insideTable("Iceberg", uri, root);
}

/** The same of the name of a file. */
export async function refuseFileOfIceberg(stores: Stores, uri: string, scope: LakeScope): Promise<void> {
  if (isDataFile(uri)) await refuseInsideIceberg(stores, uri, stores.resolve(uri), scope);
}
