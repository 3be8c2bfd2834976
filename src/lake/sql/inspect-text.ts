import type { InspectedText, InspectRequest, SqlScope } from "./engine.ts";
import { hydrateIn } from "./hydrate-files.ts";
import { makeJobFolder } from "./job-folder.ts";
import { type InspectJob, inspectReply, type JobLimits } from "./protocol.ts";
import type { Hydrate } from "./worker-process.ts";

/** What a look at a file takes of the engine. */
export interface InspectDeps {
  folder: string;
  limits: Omit<JobLimits, "folder">;
  run(job: InspectJob, scope: SqlScope, hydrate: Hydrate): Promise<unknown>;
}

/** Has a worker look at the file, part by part as they come. */
export async function inspectThroughWorker(
  { folder: parent, limits, run }: InspectDeps,
  { file, sizeBytes, dialect, columnCount }: InspectRequest,
  scope: SqlScope,
): Promise<InspectedText | undefined> {
  const { path, uri } = file;
  const isSparse = file.hydrate !== undefined;
  const folder = await makeJobFolder(parent);
  try {
    const what = { kind: "inspect" as const, path, uri, sizeBytes, isSparse, dialect, columnCount };
    const scan = { format: "csv" as const, files: [file], partitionColumns: [], dialect, columns: [] };
    const hydrate = hydrateIn([scan], scope.signal);
    const reply = await run({ ...what, ...limits, folder: folder.path }, scope, hydrate);
    return inspectReply.parse(reply) ?? undefined;
  } finally {
    await folder.remove();
  }
}
