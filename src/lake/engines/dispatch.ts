import { ToolError } from "../../core/errors.ts";
import type { OutsideWork } from "../../core/outside.ts";
import type { ScanEstimate } from "../datasets/estimate-query.ts";
import type { DatasetRows, LakeQueryRequest, LakeQueryRows } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import {
  type AsLocal,
  type EngineName,
  type RemoteEngine,
  type RemoteEngineName,
  remoteEngineNames,
} from "./engine.ts";
import { estimateOnEngines, type LakeEstimate, type SuitingEngine } from "./estimate.ts";
import { handOverFailed } from "./hand-over.ts";

/** The engines one server has. */
export interface QueryEngines {
  local(request: LakeQueryRequest, scope: LakeScope): Promise<DatasetRows>;
  estimateLocal(request: LakeQueryRequest, scope: LakeScope): Promise<ScanEstimate>;
  /** Bytes of source objects this machine may read for one statement. */
  maxScanBytes: number;
  /** US dollars for a tebibyte that Athena scans, as the settings have it. */
  athenaUsdPerTib: number;
  /** Those the settings set up. `auto` asks them in this order. */
  remote: readonly RemoteEngine[];
}

/**
 * Runs a statement on the engine asked for; without one, on the first remote engine that suits it, else here, and where
 * that is too much for this machine, or a table's files cannot be read, on the first remote engine that takes it over. A cursor goes back to the engine that gave it out. Throws `invalid_input` for an engine that is not set up.
 */
export async function queryOnEngine(
  engines: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<LakeQueryRows> {
  const { cursor, ...first } = request;
  if (cursor === undefined) return firstPage(engines, first, scope);
  const marked = takeMark(cursor);
  checkSame(request, marked.engine);
  if (marked.engine === "local") return onlyHere(engines, request, scope);
  return elsewhere(remoteEngine(engines, marked.engine), { ...first, cursor: marked.cursor }, scope);
}

/** Stops what an engine began for a call that another process answered. Throws where it may go on. */
export async function stopOnEngine(
  engines: QueryEngines,
  { system, id }: OutsideWork,
  scope: LakeScope,
): Promise<void> {
  await remoteEngine(engines, engineOf(system)).stop(id, scope);
}

/** What the statement would take on the engine asked for, or on whichever `auto` would choose. Runs nothing. */
export async function estimateOnEngine(
  engines: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<LakeEstimate> {
  const estimateLocal = async () => {
    const asked = await asLocal(engines, request, scope);
    const found = await engines.estimateLocal(asked.request, asked.scope);
    return { ...found, notes: [...asked.notes, ...found.notes] };
  };
  const suits = () => suiting(engines, request, scope);
  return estimateOnEngines({ ...engines, estimateLocal, suiting: suits }, request, scope);
}

async function firstPage(
  engines: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<LakeQueryRows> {
  const { engine = "auto" } = request;
  const resumed = scope.outside?.resumes;
  if (resumed) return goOn(engines, request, scope, resumed);
  if (engine === "local") return onlyHere(engines, request, scope);
  if (engine !== "auto") return elsewhere(remoteEngine(engines, engine), request, scope);
  const suited = await suiting(engines, request, scope);
  if (!suited) return here(engines, request, scope);
  const page = await elsewhere(suited.engine, request, noting(scope, suited.notes));
  return { ...page, notes: [...suited.notes, ...page.notes] };
}

/** Waits for the statement that an earlier call began, and says what that one would have said. */
async function goOn(
  engines: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
  { system, notes }: OutsideWork,
): Promise<LakeQueryRows> {
  const page = await elsewhere(remoteEngine(engines, engineOf(system)), request, scope);
  return { ...page, notes: [...notes, ...page.notes] };
}

function engineOf(system: string): RemoteEngineName {
  const name = remoteEngineNames.find((one) => one === system);
  if (name) return name;
  throw new TypeError(`${system} is no engine.`);
}

/** A scope that keeps with what an engine begins in it what is said of it here. */
function noting(scope: LakeScope, notes: readonly string[]): LakeScope {
  const { outside } = scope;
  if (!outside) return scope;
  const began = (work: OutsideWork) => outside.began({ ...work, notes: [...notes, ...work.notes] });
  return { ...scope, outside: { ...outside, began } };
}

async function onlyHere(
  engines: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<LakeQueryRows> {
  const asked = await asLocal(engines, request, scope);
  const page = await engines.local(asked.request, asked.scope);
  return { ...page, notes: [...asked.notes, ...page.notes], engine: "local" };
}

async function asLocal(
  { remote }: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<AsLocal> {
  let asked: AsLocal = { request, scope, notes: [] };
  if ((request.engine ?? "auto") !== "auto") return asked;
  for (const engine of remote) {
    const found = await engine.asLocal?.(asked.request, asked.scope);
    if (found) asked = { ...found, notes: [...asked.notes, ...found.notes] };
  }
  return asked;
}

/** Here, and where that cannot be, on an engine that takes it over. */
async function here(
  engines: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<LakeQueryRows> {
  try {
    return await onlyHere(engines, request, scope);
  } catch (thrown) {
    const { engine: remote, notes, fault } = await handOverFailed(engines.remote, request, scope, thrown);
    const said = [`This server handed the statement over to ${remote.name}: ${fault.message}`, ...notes];
    const page = await elsewhere(remote, request, noting(scope, said));
    return { ...page, notes: [...said, ...page.notes] };
  }
}

async function elsewhere(
  engine: RemoteEngine,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<LakeQueryRows> {
  const page = await engine.run(request, scope);
  const cursor = page.cursor === undefined ? {} : { cursor: `${engine.name}.${page.cursor}` };
  return { ...page, engine: engine.name, ...cursor };
}

/** The engine a cursor came from, which no cursor of the local one names, and what that engine called it. */
function takeMark(cursor: string): { engine: EngineName; cursor: string } {
  const dot = cursor.indexOf(".");
  if (dot < 0) return { engine: "local", cursor };
  const engine = remoteEngineNames.find((name) => name === cursor.slice(0, dot));
  if (engine) return { engine, cursor: cursor.slice(dot + 1) };
  throw new ToolError("invalid_input", "The cursor is not one this tool gave out. Call again without it.");
}

function checkSame({ engine = "auto" }: LakeQueryRequest, ofCursor: EngineName): void {
  if (engine === "auto" || engine === ofCursor) return;
  throw new ToolError(
    "invalid_input",
    `The cursor came from the engine ${ofCursor}; ${engine} was asked for. Give the same arguments with it.`,
  );
}

async function suiting(
  { remote }: QueryEngines,
  request: LakeQueryRequest,
  scope: LakeScope,
): Promise<SuitingEngine | undefined> {
  for (const engine of remote) {
    const answer = await engine.suits?.(request, scope);
    if (answer?.takes) return { engine, notes: answer.notes };
  }
  return undefined;
}

function remoteEngine({ remote }: QueryEngines, name: RemoteEngineName): RemoteEngine {
  const engine = remote.find((one) => one.name === name);
  if (engine) return engine;
  throw new ToolError(
    "invalid_input",
    `The engine ${name} is not set up on this server: lake.${name} has no settings. Here are: ${["local", ...remote.map((one) => one.name)].join(", ")}.`,
    { details: { engine: name, setting: `lake.${name}` } },
  );
}
