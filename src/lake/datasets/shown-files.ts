import type { LakeScope } from "../scope.ts";
import type { StoredObject } from "../stores/store.ts";
import type { DataFile } from "./dataset.ts";

/**
 * What a folder's listing shows before it is known that the folder is a Delta table's, whose files its log names. Their
 * etags the log does not know, and a page of the listing saves as many requests for them.
 */
export function createShownFiles(scope: LakeScope) {
  const stop = new AbortController();
  const shown: StoredObject[] = [];
  let isEnough = false;
  const end = () => {
    if (isEnough && shown.length > 0) stop.abort();
  };
  return {
    /** For the listing. */
    scope: { ...scope, signal: AbortSignal.any([scope.signal, stop.signal]) },
    add(objects: readonly StoredObject[]) {
      shown.push(...objects);
      end();
    },
    /** Ends the listing, once its first page is there. */
    enough() {
      isEnough = true;
      end();
    },
    among(files: readonly DataFile[]): StoredObject[] {
      if (shown.length === 0) return [];
      const uris = new Set(files.map(({ object }) => object.uri));
      return shown.filter(({ uri }) => uris.has(uri));
    },
  };
}
