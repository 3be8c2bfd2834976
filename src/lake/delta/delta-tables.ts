import { jsonDigest } from "../../core/digest.ts";
import { createDeltaDatasets } from "../datasets/delta-dataset.ts";
import type { TableDataset } from "../datasets/table-datasets.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { TableMoment } from "../tables/table-moment.ts";
import type { TableRoot } from "../tables/table-root.ts";
import { unlessHidden } from "../tables/unless-hidden.ts";
import { type CommitRecord, readHistory } from "./history.ts";
import {
  emptyLog,
  type LogSegment,
  type LogStart,
  listNewest,
  listRest,
  newestVersion,
  segmentOf,
  startLog,
} from "./list-log.ts";
import type { LogReading } from "./read-checkpoint.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import { type TimeTravelDeps, versionAt } from "./time-travel.ts";

/** Reads Delta tables. */
export interface DeltaTables {
  /** Throws `not_found` for a moment the table has no state of, `invalid_input` for a damaged log, `unsupported`. */
  open(root: TableRoot, moment: TableMoment, scope: LakeScope): Promise<Snapshot>;
  /** Looks whether a folder is a table's. Undefined where it is not, or that may not be known. */
  find(root: TableRoot, moment: TableMoment, scope: LakeScope): Promise<FoundTable | undefined>;
  /** Whether the folder was a table's when it was last looked at. */
  isKnown(root: TableRoot, scope: LakeScope): boolean;
  /** A snapshot as a dataset, which is made once. */
  datasetOf: TableDataset<Snapshot>;
  /** The last commits of a snapshot, newest first. */
  history(snapshot: Snapshot, count: number, scope: LakeScope): Promise<CommitRecord[]>;
}

/** A table whose log was found, and not yet read. */
export interface FoundTable {
  /** Throws as opening at once does. */
  open(): Promise<Snapshot>;
}

const rememberedRoots = 10_000;
/** Files of all snapshots that are remembered: as many as one table may have. */
const rememberedFiles = 100_001;

interface KnownRoot {
  /** Version of a checkpoint: the listing of what is newer begins there. */
  checkpoint: number | undefined;
}

/** Remembers the snapshots last asked for, by the very files of the log they are made of. */
export function createDeltaTables(parts: LogReading): DeltaTables {
  const snapshotOf = createSnapshots(parts);
  const roots = new RecentMap<KnownRoot>(rememberedRoots);
  // By places, not uris: one place can be read with several credentials, which must not lend each other anything.
  const keyOf = ({ location }: TableRoot, { tenantId }: LakeScope) => JSON.stringify([tenantId, location]);
  const look = async (
    root: TableRoot,
    moment: TableMoment,
    scope: LakeScope,
  ): Promise<FoundTable | undefined> => {
    const key = keyOf(root, scope);
    const isNewest = moment.version === undefined && moment.timestamp === undefined;
    const from = isNewest ? roots.get(key)?.checkpoint : undefined;
    const start = await startLog(parts.stores, root, from, scope);
    const segmentAt = isNewest ? newestSegment : segmentOfMoment;
    return (
      start && {
        async open() {
          const deps = { stores: parts.stores, snapshotOf };
          const segment = await segmentAt(deps, { root, start }, moment, scope);
          const checkpoint = isNewest ? segment.checkpoint?.version : roots.get(key)?.checkpoint;
          roots.set(key, { checkpoint });
          return snapshotOf(root, segment, scope);
        },
      }
    );
  };
  return {
    history: (snapshot, count, scope) => readHistory(parts, snapshot, count, scope),
    datasetOf: createDeltaDatasets(),
    isKnown: (root, scope) => roots.get(keyOf(root, scope)) !== undefined,
    async find(root, moment, scope) {
      const found = await unlessHidden(look(root, moment, scope));
      if (!found) roots.delete(keyOf(root, scope));
      return found;
    },
    async open(root, moment, scope) {
      const found = await look(root, moment, scope);
      if (!found) throw emptyLog(root.uri);
      return found.open();
    },
  };
}

function createSnapshots(parts: LogReading): TimeTravelDeps["snapshotOf"] {
  const known = new RecentMap<Snapshot>(rememberedFiles, ({ files }) => files.length + 1);
  return async (root, segment, scope) => {
    const identity = jsonDigest([scope.tenantId, root.location, identityOf(segment)], {
      encoding: "base64url",
      length: 43,
    });
    const before = known.get(identity);
    if (before) return before;
    const snapshot = await readSnapshot(parts, root, segment, identity, scope);
    known.set(identity, snapshot);
    return snapshot;
  };
}

interface FoundLog {
  root: TableRoot;
  start: LogStart;
}

async function newestSegment(
  { stores }: TimeTravelDeps,
  { root, start }: FoundLog,
  _moment: TableMoment,
  scope: LakeScope,
): Promise<LogSegment> {
  const files = await listNewest(stores, root, start, scope);
  return segmentOf(files, newestVersion(files, root), root);
}

async function segmentOfMoment(
  deps: TimeTravelDeps,
  { root, start }: FoundLog,
  { version = 0, timestamp }: TableMoment,
  scope: LakeScope,
): Promise<LogSegment> {
  const files = await listRest(deps.stores, root, start, scope);
  const at = timestamp === undefined ? version : await versionAt(deps, root, files, timestamp, scope);
  return segmentOf(files, at, root);
}

function identityOf({ version, checkpoint, commits }: LogSegment): unknown[] {
  const objects = [...(checkpoint?.parts ?? []), ...commits.map(({ object }) => object)];
  return [version, ...objects.map(({ uri, etag, sizeBytes }) => [uri, etag, sizeBytes])];
}
