import { ToolError } from "../../core/errors.ts";
import { estimatedBill, supposedBillNote } from "../athena/cost.ts";
import type { ScanEstimate } from "../datasets/estimate-query.ts";
import type { LakeQueryRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { EngineName, QueryEstimate, RemoteEngine } from "./engine.ts";
import { type Choice, handOver, handOverFailed } from "./hand-over.ts";

/** What a statement would take, here and elsewhere, and where it would run. */
export interface LakeEstimate extends Omit<QueryEstimate, "notes"> {
  /** Where the statement would run; absent where no engine takes it. */
  engine?: EngineName;
  reason: string;
  notes: string[];
}

/** A remote engine that `auto` takes, and why. */
export interface SuitingEngine {
  engine: RemoteEngine;
  notes: string[];
}

export interface EstimatingEngines {
  estimateLocal(request: LakeQueryRequest, scope: LakeScope): Promise<ScanEstimate>;
  maxScanBytes: number;
  /** What Athena is taken to cost, whether it is set up here or not. */
  athenaUsdPerTib: number;
  remote: readonly RemoteEngine[];
  /** The remote engine whose catalog the statement names, for `auto`. */
  suiting(request: LakeQueryRequest, scope: LakeScope): Promise<SuitingEngine | undefined>;
}

/**
 * Looks at names, sizes and footers, and runs nothing. Throws what the engine asked for by name would throw before it
 * runs; for `auto` what this machine says of a statement that is no other engine's.
 */
export async function estimateOnEngines(
  engines: EstimatingEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<LakeEstimate> {
  const { engine = "auto" } = request;
  if (engine === "local")
    return withSupposedBill(engines, here(engines, await engines.estimateLocal(request, scope)));
  if (engine === "auto") return automatic(engines, request, scope);
  const remote = engines.remote.find(({ name }) => name === engine);
  if (!remote)
    throw new ToolError(
      "invalid_input",
      `The engine ${engine} is not set up on this server (lake.${engine}).`,
    );
  return elsewhere(remote, request, scope, "It was asked for.");
}

function here({ maxScanBytes }: EstimatingEngines, scan: ScanEstimate): LakeEstimate {
  const { bytes, files, exactness, notes } = scan;
  const found = { files, bytesToFetch: bytes, exactness, notes };
  const bound = `lake.query.maxScanBytes (${maxScanBytes})`;
  if (bytes <= maxScanBytes)
    return { ...found, engine: "local", reason: `What it reads is within ${bound}.` };
  // What is read of Parquet is counted when the statement runs, and may turn out to be little.
  if (exactness === "at most")
    return { ...found, engine: "local", reason: `It may be within ${bound}: the files count whole here.` };
  return { ...found, reason: `What it reads is more than ${bound} allows here.` };
}

/** What is read here costs nothing; what Athena would bill for the same is told beside it. */
function withSupposedBill(
  { athenaUsdPerTib, remote }: EstimatingEngines,
  estimate: LakeEstimate,
): LakeEstimate {
  const { bytesToFetch, notes } = estimate;
  if (bytesToFetch === undefined) return estimate;
  const isSetUp = remote.some(({ name }) => name === "athena");
  return {
    ...estimate,
    ...estimatedBill(bytesToFetch, athenaUsdPerTib),
    notes: [...notes, supposedBillNote(athenaUsdPerTib, isSetUp)],
  };
}

async function elsewhere(
  remote: RemoteEngine,
  request: LakeQueryRequest,
  scope: LakeScope,
  reason: string,
): Promise<LakeEstimate> {
  const found = await remote.estimate?.(request, scope);
  const notes = found?.notes ?? [`What ${remote.name} would take cannot be told beforehand.`];
  return { ...found, engine: remote.name, reason, notes };
}

async function automatic(
  engines: EstimatingEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<LakeEstimate> {
  const suiting = await engines.suiting(request, scope);
  if (suiting) {
    const [reason = `It names tables of ${suiting.engine.name}'s catalog.`] = suiting.notes;
    return elsewhere(suiting.engine, request, scope, reason);
  }
  let local: LakeEstimate;
  try {
    local = here(engines, await engines.estimateLocal(request, scope));
  } catch (thrown) {
    return handedOver(engines, request, scope, thrown);
  }
  const remotes = await Promise.all(engines.remote.map((remote) => triedEstimate(remote, request, scope)));
  const bills = remotes.find(({ bytesBilled }) => bytesBilled !== undefined);
  const choice = local.engine
    ? { engine: local.engine, reason: local.reason }
    : await chosen(engines, request, scope, local.reason);
  const { bytesBilled, costUsd } = bills ?? {};
  const billed = bills
    ? {
        ...local,
        ...(bytesBilled !== undefined && { bytesBilled }),
        ...(costUsd !== undefined && { costUsd }),
      }
    : withSupposedBill(engines, local);
  return {
    ...billed,
    ...(choice.engine === undefined ? {} : { engine: choice.engine }),
    reason: choice.reason,
    notes: [...billed.notes, ...remotes.flatMap(({ notes }) => notes)],
  };
}

/** Of what cannot even be looked at here. Throws why where no other engine takes the statement. */
async function handedOver(
  { remote }: EstimatingEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
  thrown: unknown,
): Promise<LakeEstimate> {
  const { engine, fault } = await handOverFailed(remote, request, scope, thrown);
  return elsewhere(engine, request, scope, fault.message);
}

async function chosen(
  { remote }: EstimatingEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
  reason: string,
): Promise<Choice> {
  const { engine, against } = await handOver(remote, request, scope);
  return engine
    ? { engine: engine.name, reason: `${reason} ${engine.name} takes it.` }
    : { engine: undefined, reason: `${reason} ${against.join(" ")}` };
}

/** What is asked beside the question proper must not fail it. */
async function triedEstimate(
  remote: RemoteEngine,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<QueryEstimate> {
  try {
    return (await remote.estimate?.(request, scope)) ?? { notes: [] };
  } catch (thrown) {
    if (scope.signal.aborted || !(thrown instanceof ToolError)) throw thrown;
    return { notes: [`${remote.name}: ${thrown.message}`] };
  }
}
