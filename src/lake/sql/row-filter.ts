import { jsonDigest } from "../../core/digest.ts";
import { RecentMap } from "../recent-map.ts";
import type { FilterRequest } from "./engine.ts";
import { makeJobFolder } from "./job-folder.ts";
import { filterReply, type Job, type JobLimits } from "./protocol.ts";

/** What filtering takes beside the request. */
export interface FilterDeps {
  /** Where the call gets a folder of its own. */
  folder: string;
  limits: Omit<JobLimits, "folder">;
  run(job: Job): Promise<unknown>;
}

/** Numbers of rows in all that are remembered: some 10 MB. */
const rememberedNumbers = 1_000_000;

/** Tells which rows meet conditions, and remembers it: the same rows meet the same conditions again. */
export class RowFilter {
  private readonly known = new RecentMap<readonly number[]>(rememberedNumbers, ({ length }) => length + 1);

  /** Undefined where the engine cannot tell. */
  async filter(
    { identity, columns, rows, conditions }: FilterRequest,
    { folder: parent, limits, run }: FilterDeps,
  ): Promise<readonly number[] | undefined> {
    const key = jsonDigest([identity, columns, conditions], { encoding: "base64url", length: 43 });
    const before = this.known.get(key);
    if (before) return before;
    const folder = await makeJobFolder(parent);
    try {
      const job = { kind: "filter" as const, columns, rows: await rows(), conditions };
      const reply = await run({ ...job, folder: folder.path, ...limits });
      const found = filterReply.parse(reply) ?? undefined;
      if (found) this.known.set(key, found);
      return found;
    } finally {
      await folder.remove();
    }
  }
}
