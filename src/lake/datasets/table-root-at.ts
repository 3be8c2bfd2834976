import { ToolError } from "../../core/errors.ts";
import type { Location } from "../location.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { Stores } from "../stores/store.ts";
import { momentSaid, type TableMoment } from "../tables/table-moment.ts";
import type { TableRoot } from "../tables/table-root.ts";
import type { TableFormat } from "../tables/table-snapshot.ts";
import { named, nameOf } from "./dataset.ts";

/** The folder of a name, where a table may be. */
export function rootAt(stores: Stores, uri: string): TableRoot {
  const location = stores.resolve(uri.endsWith("/") ? uri : `${uri}/`);
  return { location, uri: formatLocation(location) };
}

/** Whether anything is below a name. */
export async function probe(stores: Stores, location: Location, scope: LakeScope): Promise<boolean> {
  try {
    const page = await stores.list({ location, maxKeys: 1 }, scope.signal);
    return page.objects.length > 0;
  } catch (error) {
    // Outside what may be read nothing can be known, and nothing more can be read either.
    if (error instanceof ToolError && (error.code === "denied" || error.code === "not_found")) return false;
    throw error;
  }
}

/** The folder above folders that name partitions. By their names and no pattern over them: callers write them. */
export function withoutPartitions(folder: string): string {
  if (!folder.endsWith("/")) return folder;
  const names = folder.slice(0, -1).split("/");
  const last = names.findLastIndex((name) => !name.includes("="));
  return names
    .slice(0, last + 1)
    .map((name) => `${name}/`)
    .join("");
}

/** Whether a name may be of a table's data file. */
export function isDataFile(uri: string): boolean {
  return /\.(?:parquet|pq|parq)$/i.test(uri);
}

/** A table's data files are not its rows: some are deleted, some not yet committed. */
export async function refuseFileOfDelta(stores: Stores, uri: string, scope: LakeScope): Promise<void> {
  if (!isDataFile(uri)) return;
  const location = stores.resolve(uri);
  const name = nameOf(location);
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  if (folder.endsWith("/_delta_log/") || folder.endsWith("/_sidecars/")) return;
  const root = named(location, withoutPartitions(folder));
  if (await probe(stores, named(location, `${nameOf(root)}_delta_log/`), scope))
    throw insideTable("Delta", uri, root);
}

/** What is said of a name of some files of a table. */
export function insideTable(format: TableFormat, uri: string, root: Location): ToolError {
  const table = formatLocation(root);
  return new ToolError(
    "unsupported",
    `${quoteName(uri)} names files of ${format === "Delta" ? "a Delta table, whose log decides" : "an Iceberg table, whose metadata decides"} which rows of its files count. Name the table: ${quoteName(table)}.`,
    { details: { tableFormat: format, table } },
  );
}

/** Throws `invalid_input` for a moment of what is no table of Delta or Iceberg. */
export function refuseMoment(uri: string, moment: TableMoment): void {
  const said = momentSaid(moment);
  if (said === undefined) return;
  throw new ToolError(
    "invalid_input",
    `${quoteName(uri)} is not a Delta table${said === "version" ? "" : " and not one of Iceberg"}, and only those keep versions. Leave out ${said}.`,
  );
}
