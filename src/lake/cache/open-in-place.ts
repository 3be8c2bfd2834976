import type { StoredObject, Stores } from "../stores/store.ts";
import type { SparseFile } from "./cache.ts";

/**
 * Opens local files where they are, while fewer than `maxOpenFiles` are open: every one takes a descriptor of the
 * process until it is released. `undefined` for those past it, which are copied as objects of S3 are.
 */
export function createOpener(stores: Pick<Stores, "openLocal">, maxOpenFiles: number) {
  let openFiles = 0;
  return async (object: StoredObject): Promise<SparseFile | undefined> => {
    if (openFiles >= maxOpenFiles) return undefined;
    openFiles++;
    const close = () => {
      openFiles--;
    };
    try {
      const { path, verify, release } = await stores.openLocal(object);
      return {
        path,
        sizeBytes: object.sizeBytes,
        verify,
        missing: () => [],
        ensure: async () => ({ fetchedBytes: 0, requests: 0 }),
        release: once(
          () =>
            void release()
              .catch(() => {})
              .then(close),
        ),
      };
    } catch (thrown) {
      close();
      throw thrown;
    }
  };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
