import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import type { TableFormat } from "./table-snapshot.ts";

/** Files of tables as they are stored, whose etags a log or metadata does not know. */
export interface StoredFiles {
  /** Throws `invalid_input` where it is not as the table has it. */
  storedFile(file: StoredObject, format: TableFormat, scope: LakeScope): Promise<StoredObject>;
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
    async storedFile(file, format, scope) {
      const before = known.get(keyOf(file, scope));
      if (before?.sizeBytes === file.sizeBytes) return before;
      const found = await headOf(stores, file, format, scope);
      known.set(keyOf(file, scope), found);
      return found;
    },
    noteFiles(files, scope) {
      for (const file of files) known.set(keyOf(file, scope), file);
    },
    forgetFile: (file, scope) => known.delete(keyOf(file, scope)),
  };
}

async function headOf(
  stores: Stores,
  file: StoredObject,
  format: TableFormat,
  scope: LakeScope,
): Promise<StoredObject> {
  try {
    const found = await stores.head(file.location, scope.signal);
    if (found.sizeBytes === file.sizeBytes) return found;
    throw notAsSaid(file, format, `it has ${found.sizeBytes} bytes in place of ${file.sizeBytes}`);
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || thrown.code !== "not_found") throw thrown;
    throw notAsSaid(file, format, `it is not there (${removers[format]})`, thrown);
  }
}

const sayers = { Delta: "the Delta table's log has it", Iceberg: "the Iceberg table's metadata has it" };
const removers = {
  Delta: "VACUUM removes files of older versions",
  Iceberg: "expiring snapshots removes files of older ones",
};

function notAsSaid({ uri }: StoredObject, format: TableFormat, what: string, cause?: unknown): ToolError {
  return new ToolError(
    "invalid_input",
    `The file ${quoteName(uri)} is not as ${sayers[format]}: ${what}. Nothing of the table is read.`,
    { cause },
  );
}
