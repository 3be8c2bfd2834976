import type { Boundaries } from "../boundaries.ts";
import type { StoredObject } from "../stores/store.ts";
import type { ObjectCache } from "./cache.ts";

/**
 * A cache that is shared by callers who may read different things, for those of one kind: what is there already was
 * perhaps fetched for others. Throws `denied` for what these may not read. What is read with credentials of its table
 * alone is the catalog's to allow.
 */
export function guardedCache(
  cache: ObjectCache,
  { checkReadable }: Pick<Boundaries, "checkReadable">,
): ObjectCache {
  const check = ({ location }: StoredObject) => {
    if (location.kind === "local" || location.tableId === undefined) checkReadable(location);
  };
  return {
    ...cache,
    async sparse(object, scope) {
      check(object);
      return cache.sparse(object, scope);
    },
    async object(object, scope, onFetched) {
      check(object);
      return cache.object(object, scope, onFetched);
    },
    async derived(object, kind, derive, scope) {
      check(object);
      return cache.derived(object, kind, derive, scope);
    },
  };
}
