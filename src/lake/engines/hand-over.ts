import { ToolError } from "../../core/errors.ts";
import { isFilesFault } from "../databricks/files-fault.ts";
import { lacksColumn } from "../datasets/prune-files.ts";
import type { LakeQueryRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import { type EngineName, type RemoteEngine, remoteEngineNames } from "./engine.ts";

/** An engine for a statement, and why it is that one. */
export interface Choice {
  /** Undefined where none can take it. */
  engine: EngineName | undefined;
  reason: string;
}

/** Whether this machine refused a statement for the bytes or the files of a table it would read, and for nothing else. */
function isTooMuchHere(thrown: unknown): thrown is ToolError {
  if (!(thrown instanceof ToolError) || thrown.code !== "too_large") return false;
  return thrown.details.setting === "lake.query.maxScanBytes" || thrown.details.maxTableFiles !== undefined;
}

/**
 * Whether a warehouse may do with a table of its own what failed here: its files cannot be read, are too much, or the
 * statement is one that DuckDB does not take, such as for types that Spark casts. A name that is no column is none there.
 */
export function mayWarehouseDo(thrown: unknown): thrown is ToolError {
  if (isFilesFault(thrown) || isTooMuchHere(thrown)) return true;
  return thrown instanceof ToolError && thrown.code === "invalid_input" && !lacksColumn(thrown);
}

/** The first remote engine that takes what is too much for this machine, and what each of the others says against it. */
export async function handOver(
  remote: readonly RemoteEngine[],
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<{ engine?: RemoteEngine; notes: string[]; against: string[] }> {
  const against: string[] = [];
  for (const engine of remote) {
    const answer = await engine.takesOver?.(request, scope);
    if (answer?.takes) return { engine, notes: answer.notes, against };
    against.push(`${engine.name}: ${answer?.why ?? "it is not handed statements; ask for it by engine."}`);
  }
  const missing = remoteEngineNames.filter((name) => remote.every((engine) => engine.name !== name));
  for (const name of missing) against.push(`${name}: it is not set up (lake.${name}).`);
  return { notes: [], against };
}

/** The remote engine that takes what failed here, and why it failed. Throws the failure where none does. */
export async function handOverFailed(
  remote: readonly RemoteEngine[],
  request: LakeQueryRequest,
  scope: LakeScope,
  thrown: unknown,
): Promise<{ engine: RemoteEngine; notes: string[]; fault: ToolError }> {
  if (isTooMuchHere(thrown)) {
    const { engine, notes, against } = await handOver(remote, request, scope);
    if (!engine) throw refusedByAll(thrown, against);
    return { engine, notes, fault: thrown };
  }
  for (const engine of remote) {
    if (!(thrown instanceof ToolError) || !engine.mayDo?.(thrown)) continue;
    const answer = await engine.takesOver?.(request, scope);
    if (answer?.takes) return { engine, notes: answer.notes, fault: thrown };
  }
  throw thrown;
}

/** The refusal of this machine, with what the other engines say. */
function refusedByAll(refusal: ToolError, against: readonly string[]): ToolError {
  return new ToolError("too_large", `${refusal.message} Other engines: ${against.join(" ")}`, {
    details: { ...refusal.details, otherEngines: against },
    cause: refusal,
  });
}
