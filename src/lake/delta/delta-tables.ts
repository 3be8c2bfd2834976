import { jsonDigest } from "../../core/digest.ts";
import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject } from "../stores/store.ts";
import { type CommitRecord, readHistory } from "./history.ts";
import { type LogSegment, listLog, listNewest, newestVersion, segmentOf } from "./list-log.ts";
import type { LogReading } from "./read-checkpoint.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import type { TableRoot } from "./table-root.ts";
import { type TimeTravelDeps, versionAt } from "./time-travel.ts";

/** Which state of a table is wanted; the newest where neither is said. `timestamp`: the last one not after it, ISO 8601. */
export interface TableMoment {
  version?: number | undefined;
  timestamp?: string | undefined;
}

/** Reads Delta tables. */
export interface DeltaTables {
  /** Throws `not_found` for a moment the table has no state of, `invalid_input` for a damaged log, `unsupported`. */
  open(root: TableRoot, moment: TableMoment, scope: LakeScope): Promise<Snapshot>;
  /** The last commits of a snapshot, newest first. */
  history(snapshot: Snapshot, count: number, scope: LakeScope): Promise<CommitRecord[]>;
  /** A file of a table as it is stored; the log does not know its etag. Throws `invalid_input` where it is not as the log has it. */
  storedFile(file: StoredObject, scope: LakeScope): Promise<StoredObject>;
  /** Has `storedFile` look again. */
  forgetFile(file: StoredObject, scope: LakeScope): void;
}

const rememberedSnapshots = 16;
const rememberedFiles = 20_000;
/** Larger ones are read again each time. */
const mostRememberedFiles = 20_000;

/** Remembers the snapshots last asked for, by the very files of the log they are made of. */
export function createDeltaTables(parts: LogReading): DeltaTables {
  const known = new RecentMap<Snapshot>(rememberedSnapshots);
  const files = new RecentMap<StoredObject>(rememberedFiles);
  // By places, not uris: one place can be read with several credentials, which must not lend each other anything.
  const fileKey = ({ location }: StoredObject, { tenantId }: LakeScope) =>
    JSON.stringify([tenantId, location]);
  const snapshotOf = async (root: TableRoot, segment: LogSegment, scope: LakeScope) => {
    const key = jsonDigest([scope.tenantId, root.location, identityOf(segment)], {
      encoding: "base64url",
      length: 43,
    });
    const before = known.get(key);
    if (before) return before;
    const snapshot = await readSnapshot(parts, root, segment, scope);
    if (snapshot.files.length <= mostRememberedFiles) known.set(key, snapshot);
    return snapshot;
  };
  return {
    history: (snapshot, count, scope) => readHistory(parts, snapshot, count, scope),
    async storedFile(file, scope) {
      const before = files.get(fileKey(file, scope));
      if (before?.sizeBytes === file.sizeBytes) return before;
      const found = await headOf(parts, file, scope);
      files.set(fileKey(file, scope), found);
      return found;
    },
    forgetFile: (file, scope) => files.delete(fileKey(file, scope)),
    async open(root, moment, scope) {
      const segment = await segmentAt({ stores: parts.stores, snapshotOf }, root, moment, scope);
      return snapshotOf(root, segment, scope);
    },
  };
}

async function headOf({ stores }: LogReading, file: StoredObject, scope: LakeScope): Promise<StoredObject> {
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

async function segmentAt(
  deps: TimeTravelDeps,
  root: TableRoot,
  { version, timestamp }: TableMoment,
  scope: LakeScope,
): Promise<LogSegment> {
  if (version === undefined && timestamp === undefined) {
    const files = await listNewest(deps.stores, root, scope);
    return segmentOf(files, newestVersion(files, root), root);
  }
  const files = await listLog(deps.stores, root, scope);
  if (timestamp === undefined) return segmentOf(files, version ?? 0, root);
  return segmentOf(files, await versionAt(deps, root, files, timestamp, scope), root);
}

function identityOf({ version, checkpoint, commits }: LogSegment): unknown[] {
  const objects = [...(checkpoint?.parts ?? []), ...commits.map(({ object }) => object)];
  return [version, ...objects.map(({ uri, etag, sizeBytes }) => [uri, etag, sizeBytes])];
}
