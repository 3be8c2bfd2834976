import { z } from "zod";
import type { LakeScope } from "../scope.ts";
import type { Stores } from "../stores/store.ts";
import { momentMs } from "../tables/table-moment.ts";
import { parseLine } from "./actions.ts";
import type { CommitFile } from "./log-files.ts";
import { linesOf } from "./read-lines.ts";

const commitInfo = z.object({
  commitInfo: z.looseObject({
    inCommitTimestamp: momentMs.optional(),
    operation: z.string().optional(),
    operationParameters: z.record(z.string(), z.unknown()).optional(),
    operationMetrics: z.record(z.string(), z.unknown()).optional(),
    userName: z.string().nullish(),
    userId: z.string().nullish(),
    engineInfo: z.string().optional(),
  }),
});

/** What a writer said of a commit. Nothing of it is sure to be there. Timestamps in milliseconds since the epoch. */
export type CommitInfo = z.output<typeof commitInfo>["commitInfo"];

/** A writer puts it first or last: of a large commit, these lines are looked at. */
const maxLines = 2_000;

/** Undefined where the commit has none, or none in its first lines, or one of another form. */
export async function readCommitInfo(
  stores: Stores,
  { object }: CommitFile,
  { signal }: LakeScope,
): Promise<CommitInfo | undefined> {
  let lines = 0;
  for await (const line of linesOf(stores, object, signal)) {
    if (line.includes('"commitInfo"')) {
      const parsed = commitInfo.safeParse(parseLine(line, object.uri));
      if (parsed.success) return parsed.data.commitInfo;
    }
    if (++lines === maxLines) return undefined;
  }
  return undefined;
}
