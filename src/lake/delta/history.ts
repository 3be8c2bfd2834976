import type { LakeScope } from "../scope.ts";
import { cut, shortEntries } from "../tables/short-entries.ts";
import { type CommitInfo, readCommitInfo } from "./commit-info.ts";
import { listLog } from "./list-log.ts";
import { type CommitFile, versionPrefix } from "./log-files.ts";
import type { LogReading } from "./read-checkpoint.ts";
import type { Snapshot } from "./snapshot.ts";
import { commitClock } from "./time-travel.ts";

/** One commit, as its writer told of it. Parameters and metrics are cut to what is short. */
export interface CommitRecord {
  version: number;
  timestamp: Date;
  operation?: string;
  parameters?: Record<string, string>;
  metrics?: Record<string, string>;
  /** The user, where the writer named one. */
  user?: string;
  engine?: string;
}

/** The last commits of a snapshot, newest first: at most `count`, and only those whose files are still there. */
export async function readHistory(
  parts: LogReading,
  { root, version, metadata }: Snapshot,
  count: number,
  scope: LakeScope,
): Promise<CommitRecord[]> {
  const files = await listLog(parts.stores, root, scope, versionPrefix(Math.max(0, version - count + 1)));
  const clock = commitClock(files, metadata);
  const commits = [...files.commits.values()]
    .filter((commit) => commit.version <= version)
    .sort((a, b) => b.version - a.version)
    .slice(0, count);
  return Promise.all(
    commits.map(async (commit) => {
      const info = await readCommitInfo(parts.stores, commit, scope);
      return recordOf(commit, await clock.timeOf(commit, async () => info), info);
    }),
  );
}

function recordOf({ version }: CommitFile, timeMs: number, info: CommitInfo = {}): CommitRecord {
  const { operation, operationParameters, operationMetrics, userName, userId, engineInfo } = info;
  const user = userName ?? userId ?? undefined;
  return {
    version,
    timestamp: new Date(timeMs),
    ...(operation === undefined ? {} : { operation: cut(operation) }),
    ...(operationParameters ? { parameters: shortEntries(operationParameters) } : {}),
    ...(operationMetrics ? { metrics: shortEntries(operationMetrics) } : {}),
    ...(user === undefined ? {} : { user: cut(user) }),
    ...(engineInfo === undefined ? {} : { engine: cut(engineInfo) }),
  };
}
