import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { Stores } from "../stores/store.ts";
import { timestampMs } from "../tables/table-moment.ts";
import type { TableRoot } from "../tables/table-root.ts";
import type { Metadata } from "./actions.ts";
import { type CommitInfo, readCommitInfo } from "./commit-info.ts";
import { type LogSegment, segmentOf, versionRange } from "./list-log.ts";
import type { CommitFile, LogFiles } from "./log-files.ts";
import type { Snapshot } from "./snapshot.ts";

/** When commits were made, in milliseconds since the epoch. */
export interface CommitClock {
  /** `readInfo` is called only where the time stands in the commit itself. */
  timeOf(commit: CommitFile, readInfo: () => Promise<CommitInfo | undefined>): Promise<number>;
}

/**
 * The clock of a table: of commits that carry their time, that; of others the time their file was written, which is
 * put forward where it is not after the commit before. Source: Delta protocol, "In-Commit Timestamps".
 */
export function commitClock(
  { commits }: LogFiles,
  { configuration }: Pick<Metadata, "configuration">,
): CommitClock {
  const isEnabled = configuration["delta.enableInCommitTimestamps"] === "true";
  const since = Number(configuration["delta.inCommitTimestampEnablementVersion"] ?? 0);
  const written = new Map<number, number>();
  let last = Number.NEGATIVE_INFINITY;
  for (const [version, { object }] of [...commits].sort(([a], [b]) => a - b)) {
    last = Math.max(object.lastModified.getTime(), last + 1);
    written.set(version, last);
  }
  return {
    async timeOf(commit, readInfo) {
      const byFile = written.get(commit.version) ?? commit.object.lastModified.getTime();
      if (!isEnabled || commit.version < since) return byFile;
      const info = await readInfo();
      return info?.inCommitTimestamp ?? byFile;
    },
  };
}

export interface TimeTravelDeps {
  stores: Stores;
  snapshotOf(root: TableRoot, segment: LogSegment, scope: LakeScope): Promise<Snapshot>;
}

/**
 * The newest version not made after `timestamp`. Throws `not_found` with the times there are for one before the first
 * or after the last, `invalid_input` for what is no time.
 */
export async function versionAt(
  { stores, snapshotOf }: TimeTravelDeps,
  root: TableRoot,
  files: LogFiles,
  timestamp: string,
  scope: LakeScope,
): Promise<number> {
  const wanted = timestampMs(timestamp);
  const { oldest, newest } = versionRange(files, root);
  const commits = [...files.commits.values()]
    .filter(({ version }) => version >= oldest)
    .sort((a, b) => a.version - b.version);
  const [first] = commits;
  const last = commits.at(-1);
  if (!first || !last) {
    throw new ToolError(
      "not_found",
      `The Delta table ${quoteName(root.uri)} keeps no commits that say when they were made. Name a version: ${newest}.`,
    );
  }
  const { metadata } = await snapshotOf(root, segmentOf(files, newest, root), scope);
  const clock = commitClock(files, metadata);
  const timeOfCommit = (commit: CommitFile) =>
    clock.timeOf(commit, () => readCommitInfo(stores, commit, scope));
  const ends = [await timeOfCommit(first), await timeOfCommit(last)] as const;
  if (wanted < ends[0] || wanted > ends[1]) throw noMoment(root, timestamp, ends);
  let low = 0;
  let high = commits.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const commit = commits[middle];
    if (commit && (await timeOfCommit(commit)) <= wanted) low = middle;
    else high = middle - 1;
  }
  return commits[low]?.version ?? newest;
}

function noMoment(
  { uri }: TableRoot,
  timestamp: string,
  [first, last]: readonly [number, number],
): ToolError {
  const [oldest, newest] = [new Date(first).toISOString(), new Date(last).toISOString()];
  return new ToolError(
    "not_found",
    `The Delta table ${quoteName(uri)} has no state of ${quoteName(timestamp)}. It can be read as of ${oldest} to ${newest}.`,
    { details: { timestamp, oldestTimestamp: oldest, newestTimestamp: newest } },
  );
}
