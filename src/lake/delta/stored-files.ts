import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject, Stores } from "../stores/store.ts";

/** Files of tables as they are stored, which the log does not know the etags of. */
export interface StoredFiles {
  /** Throws `invalid_input` where it is not as the log has it. */
  storedFile(file: StoredObject, scope: LakeScope): Promise<StoredObject>;
  /** Has `storedFile` know them as they are. */
  noteFiles(files: readonly StoredObject[], scope: LakeScope): void;
  /** Has `storedFile` look again. */
  forgetFile(file: StoredObject, scope: LakeScope): void;
}

const rememberedFiles = 20_000;

/** Remembers the files last looked at. */
export function createStoredFiles(stores: Stores): StoredFiles {
  const known = new RecentMap<StoredObject>(rememberedFiles);
  // By places, not uris: one place can be read with several credentials, which must not lend each other anything.
  const keyOf = ({ location }: StoredObject, { tenantId }: LakeScope) => JSON.stringify([tenantId, location]);
  return {
    async storedFile(file, scope) {
      const before = known.get(keyOf(file, scope));
      if (before?.sizeBytes === file.sizeBytes) return before;
      const found = await headOf(stores, file, scope);
      known.set(keyOf(file, scope), found);
      return found;
    },
    noteFiles(files, scope) {
      for (const file of files) known.set(keyOf(file, scope), file);
    },
    forgetFile: (file, scope) => known.delete(keyOf(file, scope)),
  };
}

async function headOf(stores: Stores, file: StoredObject, scope: LakeScope): Promise<StoredObject> {
  try {
    const found = await stores.head(file.location, scope.signal);
    if (found.sizeBytes === file.sizeBytes) return found;
    throw notAsLogged(file, `it has ${found.sizeBytes} bytes in place of ${file.sizeBytes}`);
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || thrown.code !== "not_found") throw thrown;
    throw notAsLogged(file, "it is not there (VACUUM removes files of older versions)", thrown);
  }
}

function notAsLogged({ uri }: StoredObject, what: string, cause?: unknown): ToolError {
  return new ToolError(
    "invalid_input",
    `The file ${quoteName(uri)} is not as the Delta table's log has it: ${what}. Nothing of the table is read.`,
    { cause },
  );
}
