import { jsonDigest } from "../../core/digest.ts";
import { createIcebergDatasets } from "../datasets/iceberg-dataset.ts";
import type { TableDataset } from "../datasets/table-datasets.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import type { TableMoment } from "../tables/table-moment.ts";
import type { TableRoot } from "../tables/table-root.ts";
import { unlessHidden } from "../tables/unless-hidden.ts";
import { chooseSnapshot } from "./choose-snapshot.ts";
import { listMetadata, type MetadataFolder, newestMetadata, readHint } from "./find-metadata.ts";
import { type OpenMetadata, readMetadata } from "./read-metadata.ts";
import { type IcebergSnapshot, readIcebergSnapshot } from "./snapshot.ts";

/** Reads Iceberg tables. */
export interface IcebergTables {
  /** Looks whether a folder is a table's. Undefined where it is not, or that may not be known. */
  find(root: TableRoot, scope: LakeScope): Promise<FoundIceberg | undefined>;
  /** The table of a metadata file. */
  at(root: TableRoot, file: StoredObject): FoundIceberg;
  /** Whether the folder was a table's when it was last looked at. */
  isKnown(root: TableRoot, scope: LakeScope): boolean;
}

/** A table whose metadata was found, and not yet read. */
export interface FoundIceberg {
  /** Throws `not_found` for a moment the table has no state of, `invalid_input` for damaged metadata, `unsupported`. */
  open(moment: TableMoment, scope: LakeScope): Promise<OpenedIceberg>;
}

export interface OpenedIceberg {
  snapshot: IcebergSnapshot;
  datasetOf: TableDataset<IcebergSnapshot>;
  notes: string[];
}

const rememberedRoots = 10_000;
const rememberedHints = 1_000;
/** Of metadata files, together. */
const rememberedMetadataBytes = 64 << 20;
/** Files of all snapshots that are remembered: as many as one table may have. */
const rememberedFiles = 100_001;

/** Remembers the metadata and snapshots last asked for, by the very files they are made of. */
export function createIcebergTables(stores: Stores): IcebergTables {
  const roots = new RecentMap<true>(rememberedRoots);
  const files = createMetadataFiles(stores);
  const open = createSnapshots(stores);
  const keyOf = ({ location }: TableRoot, { tenantId }: LakeScope) => JSON.stringify([tenantId, location]);
  const newest = async (folder: MetadataFolder, scope: LakeScope) =>
    newestMetadata(
      folder,
      (object) => files.hint(object, scope),
      (object) => files.metadata(object, scope),
    );
  return {
    isKnown: (root, scope) => roots.get(keyOf(root, scope)) !== undefined,
    at: (root, file) => ({
      open: async (moment, scope) => open(root, await files.metadata(file, scope), moment, [], scope),
    }),
    async find(root, scope) {
      const folder = await unlessHidden(listMetadata(stores, root, scope));
      if (!folder) {
        roots.delete(keyOf(root, scope));
        return undefined;
      }
      roots.set(keyOf(root, scope), true);
      return {
        async open(moment, scope) {
          const { table, why } = await newest(folder, scope);
          const name = table.object.uri.slice(table.object.uri.lastIndexOf("/") + 1);
          return open(root, table, moment, [`The table is as ${name} has it (${why}).`], scope);
        },
      };
    },
  };
}

function createMetadataFiles(stores: Stores) {
  const metadata = new RecentMap<OpenMetadata>(rememberedMetadataBytes, ({ object }) => object.sizeBytes);
  const hints = new RecentMap<string>(rememberedHints);
  const remembered = async <T>(
    known: RecentMap<T>,
    { location, etag, sizeBytes }: StoredObject,
    { tenantId }: LakeScope,
    read: () => Promise<T>,
  ) => {
    const key = JSON.stringify([tenantId, location, etag, sizeBytes]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = await read();
    known.set(key, found);
    return found;
  };
  return {
    metadata: (object: StoredObject, scope: LakeScope) =>
      remembered(metadata, object, scope, () => readMetadata(stores, object, scope)),
    hint: (object: StoredObject, scope: LakeScope) =>
      remembered(hints, object, scope, () => readHint(stores, object, scope)),
  };
}

function createSnapshots(stores: Stores) {
  const known = new RecentMap<IcebergSnapshot>(rememberedFiles, ({ files }) => files.length + 1);
  const datasetOf = createIcebergDatasets();
  return async (
    root: TableRoot,
    table: OpenMetadata,
    moment: TableMoment,
    notes: string[],
    scope: LakeScope,
  ): Promise<OpenedIceberg> => {
    const chosen = chooseSnapshot(table.metadata, moment, root.uri);
    const parts = [scope.tenantId, root.location, table.digest, chosen.snapshot?.["snapshot-id"] ?? null];
    const identity = jsonDigest([...parts, chosen.schemaId ?? null], { encoding: "base64url", length: 43 });
    const before = known.get(identity);
    const snapshot = before ?? (await readIcebergSnapshot({ stores, root, table }, chosen, identity, scope));
    known.set(identity, snapshot);
    return { snapshot, datasetOf, notes };
  };
}
