import type { KeepRequest, SqlScope } from "./engine.ts";
import type { InspectDeps } from "./inspect-text.ts";
import { makeJobFolder } from "./job-folder.ts";
import type { KeepJob } from "./protocol.ts";

/** What keeping a file as Parquet takes of the engine. */
export interface KeepDeps extends Omit<InspectDeps, "run"> {
  run(job: KeepJob, scope: SqlScope): Promise<unknown>;
}

/** Has a worker write the file. */
export async function keepThroughWorker(
  { folder: parent, limits, run }: KeepDeps,
  request: KeepRequest,
  scope: SqlScope,
): Promise<void> {
  const folder = await makeJobFolder(parent);
  try {
    await run({ kind: "keep", ...request, ...limits, folder: folder.path }, scope);
  } finally {
    await folder.remove();
  }
}
