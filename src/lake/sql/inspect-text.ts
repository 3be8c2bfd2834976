import type { InspectedText, InspectRequest, SqlScope } from "./engine.ts";
import { hydrateIn } from "./hydrate-files.ts";
import { type InspectJob, inspectReply } from "./protocol.ts";
import type { Hydrate } from "./worker-process.ts";

type Run = (job: InspectJob, scope: SqlScope, hydrate: Hydrate) => Promise<unknown>;

/** Has a worker look at the file, part by part as they come. */
export async function inspectThroughWorker(
  run: Run,
  { file, sizeBytes, dialect, columnCount }: InspectRequest,
  scope: SqlScope,
): Promise<InspectedText | undefined> {
  const { path, uri } = file;
  const isSparse = file.hydrate !== undefined;
  const job: InspectJob = { kind: "inspect", path, uri, sizeBytes, isSparse, dialect, columnCount };
  const scan = { format: "csv" as const, files: [file], partitionColumns: [], dialect, columns: [] };
  return inspectReply.parse(await run(job, scope, hydrateIn([scan], scope.signal))) ?? undefined;
}
