import { ToolError } from "../../core/errors.ts";
import type { Location } from "../location.ts";
import { RecentlyOpen } from "../recently-open.ts";
import type { Store, Stores } from "../stores/store.ts";
import { formatTableName, type TableName } from "./table-name.ts";
import { type FilesPlace, openTableStore, type TableStore, type TableStoreDeps } from "./table-store.ts";

/** Tables whose files are open. */
const rememberedTables = 256;

/** The stores of tables that were asked for, each under its table's id. */
export interface TableStores {
  open(name: TableName, place: FilesPlace, deps: TableStoreDeps): TableStore;
  get(tableId: string): TableStore | undefined;
  close(): void;
}

/** Remembers the 256 tables last read. What is forgotten keeps its connections for the calls under way, and is closed then. */
export function createTableStores(): TableStores {
  const known = new RecentlyOpen<TableStore>(rememberedTables);
  return {
    open(name, place, deps) {
      const before = known.get(place.tableId);
      const isSame =
        before?.root.uri === `s3://${place.bucket}/${place.prefix}` && before.uri === formatTableName(name);
      if (before && isSame) return before;
      const store = openTableStore(name, place, deps);
      known.set(place.tableId, store);
      return store;
    },
    get: (tableId) => known.get(tableId),
    close: () => void known.close(),
  };
}

/** The lake's stores, and those of tables for what lies in one of these. A caller's own names lead to the lake's alone. */
export function withTableStores<S extends Stores>(stores: S, tables: TableStores): S {
  const storeOf = (location: Location): Store => {
    if (location.kind === "local" || location.tableId === undefined) return stores;
    const store = tables.get(location.tableId);
    if (store) return store;
    throw new ToolError("changed", "The table's files are no longer open. Call again.");
  };
  return {
    ...stores,
    list: async (request, signal) => storeOf(request.location).list(request, signal),
    head: async (location, signal) => storeOf(location).head(location, signal),
    read: async (request, signal) => storeOf(request.location).read(request, signal),
  };
}
